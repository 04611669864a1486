/** Which folder of a scene a file is in. */
export type FileType = "audio" | "media";

/**
 * The URL at which an application answers with a file that one of its documents names.
 *
 * - A key of the layout below its environment (`users/anna/projects/...`): the file at that path.
 * - A bare name with a file type: the file of that scene, in the layout.
 * - Anything else: the route from before the layout.
 *
 * Each segment is percent-encoded once, so a name may hold `%`, `+`, `#` and `?`; pass names as they are stored.
 *
 * @throws TypeError An id that the URL needs is empty or missing.
 */
export function constructStorageUrl(
  storageKey: string,
  projectId: string,
  sceneId: string,
  userId?: string,
  fileType?: FileType,
): string {
  required(storageKey, "storage key");
  if (storageKey.startsWith("users/")) {
    return `/api/v1/storage/${encoded(storageKey)}`;
  }
  const project = required(projectId, "project id");
  const scene = required(sceneId, "scene id");
  if (fileType !== undefined && !storageKey.includes("/")) {
    const owner = required(userId, "user id");
    const segments = ["users", owner, "projects", project, "scenes", scene, fileType, storageKey];
    return `/api/v1/storage/${segments.map(encodeURIComponent).join("/")}`;
  }
  return `/api/v1/media/${encodeURIComponent(project)}/${encodeURIComponent(scene)}/${encoded(storageKey)}`;
}

function encoded(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

function required(value: string | undefined, part: string): string {
  if (value === undefined || value === "") {
    throw new TypeError(`The ${part} is missing: pass that of the file; there is no default.`);
  }
  return value;
}
