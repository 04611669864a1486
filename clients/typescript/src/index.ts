export { constructStorageUrl, type FileType } from "./storage-url.js";
