import { decodeUtf8 } from "../../core/mod.ts";
import { consoleSink, type Observer } from "../../observability/mod.ts";
import { type ServedFrontDoor, serveFrontDoor, type ServeOptions } from "../../serve/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { EXIT } from "../exit_code.ts";
import { UsageError } from "../usage_error.ts";

const DEFAULT_PORT = 8787;
const DEFAULT_GRACE_SECONDS = 10; // what `docker stop` waits
const MAX_CONFIG_BYTES: number = 1024 * 1024;
const MAX_PEM_BYTES: number = 256 * 1024; // a chain of certificates has 10 KiB

/** `tidegate serve`. */
export const command: Command = {
  name: "serve",
  summary: "Serve the front door: a registry before others that verifies every byte",
  usage: "",
  details: `The configuration names secrets; each is taken from the environment by its name.
Without --kv, tokens, manifests and broken uploads are kept in memory.
SIGINT and SIGTERM let transfers end; a second one does not.`,
  examples: [
    { does: "on this host alone", line: "tidegate serve --config door.json" },
    {
      does: "for others, with TLS and state that outlives a restart",
      line: "tidegate serve --config door.yaml --hostname 0.0.0.0 --port 443 " +
        "--tls-cert fullchain.pem --tls-key key.pem --kv /var/lib/tidegate/door.db",
    },
  ],
  options: [
    { flags: "--config <file>", summary: "the front door's configuration (JSON or YAML)" },
    { flags: "--port <number>", summary: `port to listen on (default: ${DEFAULT_PORT}; 0: any)` },
    { flags: "--hostname <address>", summary: "address to listen on (default: 127.0.0.1)" },
    { flags: "--kv <file>", summary: "SQLite file for what is to outlive a restart" },
    { flags: "--tls-cert <file>", summary: "certificate and its chain (PEM)" },
    { flags: "--tls-key <file>", summary: "the certificate's key (PEM)" },
    { flags: "--behind-tls", summary: "a proxy that speaks TLS stands before it" },
    {
      flags: "--grace <seconds>",
      summary: `how long transfers may take at the end (default: ${DEFAULT_GRACE_SECONDS})`,
    },
  ],
  run,
};

async function run(context: CommandContext): Promise<number> {
  const { host, output, options, signal } = context;
  const graceMs = 1000 * (options.number("grace", 0, 3600) ?? DEFAULT_GRACE_SECONDS);
  const path = options.text("config");
  if (path === undefined) throw new UsageError("--config FILE is missing");
  const config = await readText(context, path, MAX_CONFIG_BYTES);
  const door = await open(config, {
    port: options.number("port", 0, 65535) ?? DEFAULT_PORT,
    hostname: options.text("hostname"),
    kv: options.text("kv"),
    tls: await readTls(context),
    behindTls: options.flag("behind-tls"),
    env: host.env,
    clock: context.clock,
    observer: logTo(context),
    ...(host.fetch && { fetch: host.fetch }),
  });
  warnOfPlainText(context);
  if (output.mode.json) await output.json({ type: "ready", url: door.url });
  else await output.line(`tidegate: front door ready at ${door.url}`);
  host.allowGrace?.(graceMs);
  await aborted(signal);
  output.note("Closing: open transfers may end");
  await door.close(graceMs);
  return EXIT.ok;
}

async function open(config: string, options: ServeOptions): Promise<ServedFrontDoor> {
  try {
    return await serveFrontDoor(config, options);
  } catch (cause) {
    const { code } = cause as { readonly code?: unknown };
    const { port, hostname = "127.0.0.1" } = options;
    if (code === "EADDRINUSE") {
      throw new Error(`Port ${port} is in use: choose another with --port`, { cause });
    }
    if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EINVAL") {
      throw new UsageError(
        `${hostname} is no address of this host: choose another with --hostname`,
      );
    }
    throw cause;
  }
}

async function readText(
  { host }: CommandContext,
  path: string,
  maximum: number,
): Promise<string> {
  const bytes = await host.files.read(path, maximum);
  if (bytes === undefined) throw new UsageError(`There is no file ${path}`);
  return decodeUtf8(bytes);
}

async function readTls(context: CommandContext): Promise<ServeOptions["tls"]> {
  const cert = context.options.text("tls-cert");
  const key = context.options.text("tls-key");
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) {
    throw new UsageError("--tls-cert and --tls-key go together");
  }
  return {
    cert: await readText(context, cert, MAX_PEM_BYTES),
    key: await readText(context, key, MAX_PEM_BYTES),
  };
}

/** Events as lines of JSON on standard error. */
function logTo({ output, options }: CommandContext): Observer {
  const level = options.flag("debug") ? "debug" : output.mode.quiet ? "error" : "info";
  return consoleSink({ level, write: (_, line) => output.warn(line) });
}

function warnOfPlainText({ options, output }: CommandContext): void {
  const hostname = options.text("hostname") ?? "127.0.0.1";
  const isLocal = /^(?:127\.[0-9.]+|::1|localhost)$/.test(hostname);
  if (isLocal || options.text("tls-cert") !== undefined || options.flag("behind-tls")) return;
  output.warn(
    "Warning: passwords of callers are sent in plain text: give --tls-cert and --tls-key, " +
      "or put a proxy that speaks TLS before it and give --behind-tls",
  );
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
