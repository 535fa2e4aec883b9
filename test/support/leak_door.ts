import type { FrontDoor } from "../../src/front/mod.ts";
import type { FaultAction } from "../../src/simulation/mod.ts";
import { sha256Hex } from "./front_door.ts";
import {
  type LeakCase,
  type Operation,
  operationOf,
  OPERATIONS,
  setAttack,
  TRAP_ANSWERS,
} from "./leak_attacks.ts";
import { LEAK_FORMS, leakContent, type MappedClass } from "./leak_map.ts";
import {
  CANARIES,
  createLeakWorld,
  type Finding,
  findInText,
  findSecrets,
  type LeakContent,
  type LeakWorld,
  PINNED_ORIGIN,
  type Product,
  type ProofKind,
  REPOSITORY,
  USER,
} from "./leak_world.ts";
import { OWN_ORIGIN } from "./url_forms.ts";

/** One request at a door before a hostile registry. */
export interface DoorCase {
  /** What the registry names a URL as, or the status of an error that talks. */
  readonly attack: LeakCase | { readonly status: number; readonly style: number };
  readonly proof: ProofKind;
  readonly turn: number;
  /** A push or a delete instead of a pull. */
  readonly writes?: boolean;
}

/** What came of one. */
export interface DoorReport {
  readonly cases: number;
  readonly trapped: number;
  readonly statuses: Readonly<Record<number, number>>;
  readonly findings: readonly (Finding & { readonly at: DoorCase })[];
}

const CLASSES: readonly MappedClass[] = ["realm", "redirect", "token-redirect", "link"];
const PROOFS: readonly ProofKind[] = ["password", "password-for-token", "bearer", "anonymous"];
const ERRORS = [400, 401, 403, 404, 405, 406, 416, 418, 429, 500, 502, 503, 504] as const;
const SIGNED = "https://evil.test/x?X-Amz-Signature=5f2c9d7788aa41be";

/** Every URL form in every class, and every error of every style. */
export function doorCases(): DoorCase[] {
  const named = CLASSES.flatMap((leakClass, i) =>
    LEAK_FORMS.map(({ url }, row): DoorCase => ({
      attack: { leakClass, url, turn: row + i },
      ...{ proof: PROOFS[(row + i) % PROOFS.length] ?? "password", turn: row + i },
    }))
  );
  const errors = ERRORS.flatMap((status) =>
    ERROR_BODIES.flatMap((_, style) =>
      OPERATIONS.map((_, turn): DoorCase => ({
        attack: { status, style },
        ...{ proof: PROOFS[turn % PROOFS.length] ?? "password", turn },
      }))
    )
  );
  return [...named, ...errors];
}

/** The same for what writes: a manifest pushed or deleted, a blob deleted. */
export function writingDoorCases(): DoorCase[] {
  const named = (["realm", "redirect", "token-redirect"] as const).flatMap((leakClass, i) =>
    LEAK_FORMS.map(({ url }, row): DoorCase => ({
      attack: { leakClass, url, turn: row % 10 }, // turns of manifests and blobs
      ...{ proof: PROOFS[(row + i) % PROOFS.length] ?? "password", turn: row, writes: true },
    }))
  );
  const errors = ERRORS.flatMap((status) =>
    ERROR_BODIES.flatMap((_, style) =>
      [0, 1, 2].map((turn): DoorCase => ({
        attack: { status, style },
        ...{ proof: PROOFS[(turn + style) % 3] ?? "password", turn, writes: true },
      }))
    )
  );
  return [...named, ...errors];
}

/** What no credential of ours is, and callers are not shown either. */
const OTHERS = "another-one's-word-77c1";

/** A registry that says too much: who it is, what it was sent, where its storage is. */
function gossip(proof: ProofKind): string {
  const sent = {
    "password": CANARIES.password,
    "password-for-token": CANARIES.password,
    "identity": CANARIES.identity,
    "bearer": CANARIES.bearer,
    "anonymous": OTHERS,
  }[proof];
  const encoded = btoa(`${USER}:${sent}`);
  return `registry.example got ${sent} (${encoded}) and ${OTHERS}; see ${PINNED_ORIGIN} or ${SIGNED}`;
}

interface ErrorBody {
  readonly type: string;
  readonly write: (said: string) => string;
}

const ERROR_BODIES: readonly ErrorBody[] = [
  {
    type: "application/json",
    write: (said) => JSON.stringify({ errors: [{ code: "DENIED", message: said, detail: said }] }),
  },
  { type: "text/html", write: (said) => `<title>${said}</title>` },
  { type: "text/plain", write: (said) => said },
];

const talkingHeaders = (proof: ProofKind): Readonly<Record<string, string>> => ({
  "set-cookie": `session=${CANARIES.password}`,
  "x-served-by": "registry.example",
  "via": "1.1 registry.example",
  "server": "registry.example/2.8",
  "warning": `299 - "${gossip(proof)}"`,
  "content-location": SIGNED,
  "x-amz-request-id": CANARIES.bearer,
  "access-control-allow-origin": "https://registry.example",
  "docker-upload-uuid": CANARIES.password,
});

/** Run cases against a product's door. */
export async function runDoorMap(
  product: Product,
  cases: readonly DoorCase[],
): Promise<DoorReport> {
  const findings: (Finding & { at: DoorCase })[] = [];
  const statuses: Record<number, number> = {};
  let count = 0;
  let trapped = 0;
  const content = await leakContent();
  for (const one of cases) {
    const world = await openWorld(product, one, content);
    if (world === undefined) continue;
    const door = await openDoor(world, one);
    const response = await door.fetch(askDoor(one, content), environment());
    count++;
    trapped += world.trapped().length;
    statuses[response.status] = (statuses[response.status] ?? 0) + 1;
    const found = [...findSecrets(world), ...await findInAnswer(world, response)];
    findings.push(...found.map((finding) => ({ ...finding, at: one })));
  }
  return { cases: count, trapped, statuses, findings };
}

async function openWorld(
  product: Product,
  { attack, proof, turn }: DoorCase,
  content: LeakContent,
): Promise<LeakWorld | undefined> {
  const trap = TRAP_ANSWERS[turn % TRAP_ANSWERS.length]?.(content) ?? { status: 404 };
  const world = createLeakWorld(product, { proof, content, trap });
  world.registry.configure({ push: {} });
  for (const host of [OWN_ORIGIN, PINNED_ORIGIN]) {
    world.simulation.faults.add({ host, action: { kind: "headers", set: talkingHeaders(proof) } });
  }
  if ("leakClass" in attack) return await setAttack(world, attack) ? world : undefined;
  world.simulation.faults.add({
    host: OWN_ORIGIN,
    authorized: true,
    action: failure(attack, proof),
  });
  if (proof === "anonymous") {
    world.simulation.faults.add({ host: PINNED_ORIGIN, action: failure(attack, proof) });
  }
  return world;
}

function failure(
  { status, style }: { status: number; style: number },
  proof: ProofKind,
): FaultAction {
  const { type, write } = ERROR_BODIES[style % ERROR_BODIES.length] as ErrorBody;
  const headers = { ...talkingHeaders(proof), "content-type": type };
  return { kind: "answer", status, body: write(gossip(proof)), headers };
}

function environment(): Readonly<Record<string, string>> {
  return { PASSWORD: CANARIES.password, TOKEN: CANARIES.bearer };
}

async function openDoor(world: LeakWorld, { proof, writes }: DoorCase): Promise<FrontDoor> {
  const { clock, events, product, simulation } = world;
  const password = { username: USER, password: { secret: "PASSWORD" } };
  const credentials = proof === "bearer" ? { token: { secret: "TOKEN" } } : password;
  return product.createFrontDoor({
    upstreams: [{
      ...{ name: "sim", origin: OWN_ORIGIN, default: true, tokenOrigins: [PINNED_ORIGIN] },
      ...(proof !== "anonymous" && { credentials }),
    }],
    access: {
      tokens: [{
        ...{ name: "ci", sha256: await sha256Hex(CANARIES.client) },
        allow: [writes ? "sim/**:pull,push,delete" : "sim/**:pull"],
      }],
    },
    cors: { origins: ["https://page.test"] },
  }, {
    ...{ fetch: simulation.fetch, clock },
    observer: (event) => void events.push(event),
  });
}

/** What a caller asks, with a proof of its own that is nobody else's business. */
function askDoor({ attack, turn, writes }: DoorCase, { image }: LeakContent): Request {
  const operation = "leakClass" in attack
    ? operationOf(attack)
    : OPERATIONS[turn % OPERATIONS.length] ?? "manifest";
  const path = {
    "manifest": "manifests/v1",
    "manifest-head": "manifests/v1",
    "blob": `blobs/${image.layers[0]?.digest}`,
    "tags": "tags/list",
    "referrers": `referrers/${image.digest}`,
  }[operation];
  const method = writes
    ? writingMethod(operation, turn)
    : operation === "manifest-head"
    ? "HEAD"
    : "GET";
  const isRanged = !writes && operation === "blob" && turn % 2 === 1;
  return new Request(`https://door.test/v2/${REPOSITORY}/${path}`, {
    method,
    ...(method === "PUT" && { body: image.bytes }),
    headers: {
      authorization: turn % 2 === 0
        ? `Bearer ${CANARIES.client}`
        : `Basic ${btoa(`ci:${CANARIES.client}`)}`,
      cookie: `session=${CANARIES.client}`,
      origin: "https://page.test",
      "x-secret": CANARIES.client,
      referer: `https://page.test/?${CANARIES.client}`,
      ...(isRanged && { range: "bytes=1-5" }),
      ...(method === "PUT" && { "content-type": image.mediaType }),
    },
  });
}

function writingMethod(operation: Operation, turn: number): "PUT" | "DELETE" {
  return operation === "blob" || turn % 2 === 1 ? "DELETE" : "PUT";
}

/** Names of the upstream, its helpers and its storage, in whatever case and encoding. */
const NAMES = [
  "registry.example",
  "auth.example",
  "evil.test",
  "X-Amz",
  "set-cookie",
  "trap.example",
  OTHERS,
];

async function findInAnswer(world: LeakWorld, response: Response): Promise<Finding[]> {
  const head = [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
  const text = `${response.statusText}\n${head}\n${await response.text()}`;
  const plain = safeDecode(text).toLowerCase();
  const named = NAMES.filter((name) => plain.includes(name.toLowerCase()));
  return [
    ...findInText(text, world.secrets()),
    ...named.map((name): Finding => ({ kind: "shown", text: `${name} in ${text.slice(0, 400)}` })),
    ...findInText(JSON.stringify(world.events), [CANARIES.client]),
  ];
}

function safeDecode(text: string): string {
  try {
    return text + decodeURIComponent(text);
  } catch {
    return text;
  }
}
