/**
 * `npm run dev -- --config FILE --port N`: the front door in workerd, with that configuration.
 * Each secret that it names is taken from the environment.
 */
import { parseFrontDoorConfig } from "../src/settings/mod.ts";
import { announce, readDoorArguments, runCommand } from "./command.ts";
import { serveWorker } from "./serve_worker.ts";

await runCommand(async () => {
  const { port, config } = readDoorArguments(process.argv.slice(2));
  if (config === undefined) throw new Error("--config FILE is missing");
  parseFrontDoorConfig(config);
  const door = await serveWorker({ port, config, secrets: readSecrets(config) });
  announce(door, [], door.close);
});

/** Every `{ "secret": NAME }` of the document, looked up in the environment. */
function readSecrets(config: string): Record<string, string> {
  const secrets: Record<string, string> = {};
  JSON.parse(config, (key, value) => {
    if (key === "secret" && typeof value === "string") secrets[value] = readSecret(value);
    return value;
  });
  return secrets;
}

function readSecret(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") {
    throw new Error(`the configuration names the secret ${name}: set that environment variable`);
  }
  return value;
}
