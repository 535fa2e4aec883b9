import { type JsonReader, jsonReader } from "../core/mod.ts";

const LONGEST_STRING = 4096;

/** Reads what GitHub's API answers. */
export const githubAnswer: JsonReader = jsonReader("GitHub answer", LONGEST_STRING);
