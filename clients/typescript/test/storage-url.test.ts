import assert from "node:assert/strict";
import { test } from "node:test";
import { constructStorageUrl } from "../src/index.js";

test("a key of the layout is encoded once, segment by segment", () => {
  const key = "users/anna/projects/p/scenes/s/media/50% + #1?.mp4";
  assert.equal(
    constructStorageUrl(key, "p", "s"),
    "/api/v1/storage/users/anna/projects/p/scenes/s/media/50%25%20%2B%20%231%3F.mp4",
  );
});

test("a bare name with a type is the scene's file", () => {
  assert.equal(
    constructStorageUrl("Été.mp3", "p/1", "s", "anna", "audio"),
    "/api/v1/storage/users/anna/projects/p%2F1/scenes/s/audio/%C3%89t%C3%A9.mp3",
  );
});

test("anything else goes to the old route", () => {
  assert.equal(constructStorageUrl("a%20b.mp4", "p", "s", "anna"), "/api/v1/media/p/s/a%2520b.mp4");
});

test("there is no default user", () => {
  assert.throws(() => constructStorageUrl("a.mp3", "p", "s", undefined, "audio"), {
    name: "TypeError",
    message: "The user id is missing: pass that of the file; there is no default.",
  });
});
