import { randomUUID, X509Certificate } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { importPKCS8, SignJWT } from "jose";
import { createSimulation } from "../../src/simulation/mod.ts";
import type { Grant, LoggedRequest, TokenSettings } from "../../src/simulation/mod.ts";
import { serveSimulation } from "../../src/simulation/serve_node.ts";
import { run } from "./processes_node.ts";

/** A token server for a real registry, with what the registry's configuration needs to trust it. */
export interface TokenServer {
  /** `auth.token` of docker-registry's configuration. */
  readonly auth: {
    readonly realm: string;
    readonly service: string;
    readonly issuer: string;
    readonly rootcertbundle: string;
  };
  /** Change users, rules and quirks, from the next request on. */
  configure(changes: Partial<TokenSettings>): void;
  /** Every request it got. */
  readonly log: readonly LoggedRequest[];
  close(): Promise<void>;
}

const ISSUER = "tidegate-test-issuer";
const SERVICE = "tidegate-test-registry";

/**
 * Start a token server on loopback whose tokens carry an `x5c` chain (distribution, "Docker
 * Registry v2 Bearer token specification"). Keys and certificates are made anew in the folder.
 *
 * @param folder A folder that exists, for keys and certificates.
 * @param settings Users, access rule, lifetimes and quirks, as of the simulated token service.
 */
export async function startTokenServer(
  folder: string,
  settings: Partial<TokenSettings> = {},
): Promise<TokenServer> {
  const rootcertbundle = await makeCertificates(folder);
  const simulation = createSimulation();
  const mint = await createMint(folder);
  const tokens = simulation.tokenService("http://token-server.test", { mint, ...settings });
  const served = await serveSimulation({ simulation });
  return {
    auth: { realm: tokens.realm, service: SERVICE, issuer: ISSUER, rootcertbundle },
    configure: (changes) => tokens.configure(changes),
    log: simulation.log,
    close: () => served.close(),
  };
}

/** A root and a leaf it signed; returns the path of the root's PEM. */
async function makeCertificates(folder: string): Promise<string> {
  const path = (name: string): string => join(folder, name);
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  await openssl(
    ["req", "-x509", ...newKey, "-days", "2", "-subj", "/CN=tidegate test root"],
    ["-keyout", path("root.key"), "-out", path("root.crt")],
  );
  await openssl(
    ["req", ...newKey, "-subj", "/CN=tidegate test signer"],
    ["-keyout", path("leaf.key"), "-out", path("leaf.csr")],
  );
  writeFileSync(path("leaf.ext"), "basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\n");
  await openssl(
    ["x509", "-req", "-in", path("leaf.csr"), "-CA", path("root.crt"), "-CAkey", path("root.key")],
    ["-CAcreateserial", "-days", "2", "-extfile", path("leaf.ext"), "-out", path("leaf.crt")],
  );
  return path("root.crt");
}

async function openssl(...args: string[][]): Promise<void> {
  const { status, stderr } = await run("openssl", args.flat());
  if (status !== 0) throw new Error(`openssl failed: ${stderr}`);
}

/** A function that signs grants as distribution 2.8 and 3 accept them: ES256, `x5c`, whole seconds. */
async function createMint(folder: string): Promise<(grant: Grant) => Promise<string>> {
  const key = await importPKCS8(readFileSync(join(folder, "leaf.key"), "utf8"), "ES256");
  const leaf = new X509Certificate(readFileSync(join(folder, "leaf.crt")));
  const x5c = [leaf.raw.toString("base64")];
  return ({ user, service, scopes, expiresAt }) => {
    const now = Math.floor(Date.now() / 1000);
    const access = scopes.filter(({ actions }) => actions.length > 0);
    return new SignJWT({ access })
      .setProtectedHeader({ alg: "ES256", typ: "JWT", x5c })
      .setIssuer(ISSUER)
      .setSubject(user ?? "")
      .setAudience(service)
      .setIssuedAt(now)
      .setNotBefore(now - 1)
      .setExpirationTime(Math.floor(expiresAt / 1000))
      .setJti(randomUUID())
      .sign(key);
  };
}
