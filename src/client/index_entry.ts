/** What is loaded when an index has to be looked through for a platform. */
export { selectPlatform } from "../manifest/mod.ts";
