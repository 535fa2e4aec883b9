import type { MappedClass } from "./leak_map.ts";
import type { Mutant } from "./mutant_node.ts";

/** A check taken out, the class that must then find something, and what it finds. */
export interface LeakMutant extends Mutant {
  readonly leakClass: MappedClass | "steered";
  readonly finds: "secret" | "connection";
}

const DECIDE = "upstream/decide_origin.ts";
const FETCH_TOKEN = "auth/fetch_token.ts";

/** One check each. */
export const LEAK_MUTANTS: readonly LeakMutant[] = [
  {
    name: "any realm that the upstream names gets the credential (tokenOrigins not looked at)",
    file: DECIDE,
    edits: [[
      `use === "realm" && fromUpstream &&\n    upstream.tokenOrigins.includes(target.origin);`,
      `use === "realm";`,
    ]],
    ...{ leakClass: "realm", finds: "secret" },
  },
  {
    name: "a credential that the policy withholds is sent all the same",
    file: FETCH_TOKEN,
    edits: [[
      "if (question.credential !== undefined && !credentials) throw exchange.refuse(url);",
      "",
    ]],
    ...{ leakClass: "realm", finds: "secret" },
  },
  {
    name: "the realm is judged once, and later challenges are believed",
    file: FETCH_TOKEN,
    edits: [[
      "const { url, credentials } = exchange.realmPolicy(next, from);",
      `const policy = exchange.realmPolicy as any;
       policy.judged ??= policy(next, from);
       const { url, credentials } = { ...policy.judged, url: next };`,
    ]],
    ...{ leakClass: "second-realm", finds: "secret" },
  },
  {
    name: "a redirect of the token request is not judged",
    file: FETCH_TOKEN,
    edits: [[
      "= exchange.realmPolicy(next, from);",
      "= hop === 0 ? exchange.realmPolicy(next) : { url: new URL(next, from).href, credentials: true };",
    ]],
    ...{ leakClass: "token-redirect", finds: "secret" },
  },
  {
    name: "a backslash in a relative realm is left to the URL parser",
    file: "auth/choose_challenge.ts",
    edits: [["if (/[\\u0000-\\u001f\\u007f\\\\]/.test(realm)) {", "if (false) {"]],
    ...{ leakClass: "realm", finds: "connection" },
  },
  {
    name: "headers are not stripped when a redirect leaves the origin",
    file: "transport/redirect.ts",
    edits: [["staysHome ? request.headers : travelling(request.headers)", "request.headers"]],
    ...{ leakClass: "redirect", finds: "secret" },
  },
  {
    name: "a redirect is followed wherever it leads",
    file: "transport/redirect.ts",
    edits: [[
      "= askOrigin(settings, use, request.url, location);",
      "= { url: new URL(location, request.url).href, credentials: false }; void use;",
    ]],
    ...{ leakClass: "redirect", finds: "connection" },
  },
  {
    name: "300, 305 and 306 are followed as redirects",
    file: "transport/redirect.ts",
    edits: [[
      "[301, 302, 303, 307, 308]",
      "[300, 301, 302, 303, 305, 306, 307, 308]",
    ]],
    ...{ leakClass: "other-header", finds: "connection" },
  },
  {
    name: "a page on another origin is asked for",
    file: "client/pages.ts",
    edits: [[`askOrigin({ upstream, observer }, "link", from, link).url`, "link"]],
    ...{ leakClass: "link", finds: "connection" },
  },
  {
    name: "the policy lets a Link lead to any public origin",
    file: DECIDE,
    edits: [["upstream.blobOrigins : [];", `upstream.blobOrigins : ["*"];`]],
    ...{ leakClass: "link", finds: "connection" },
  },
  {
    name: "a foreign layer is fetched from wherever it says",
    file: "client/foreign_layer.ts",
    edits: [[
      'const { url } = askOrigin(policy, "foreign-layer", `${target.origin}/v2/`, named);',
      "const url = new URL(named, target.origin).href; void [askOrigin, policy];",
    ]],
    ...{ leakClass: "foreign-layer", finds: "connection" },
  },
  {
    name: "foreign layers are fetched with the registry's credential",
    file: "client/foreign_layer.ts",
    edits: [
      ["{ blobOrigins }: Upstream,", "owner: Upstream,"],
      ["    blobOrigins,\n", "    blobOrigins: owner.blobOrigins,\n"],
      [
        "    upstream: stranger,\n",
        `    upstream: stranger,
    credentials: { id: "x", get: async () => await settings.credentials?.get(owner) },\n`,
      ],
    ],
    ...{ leakClass: "foreign-layer", finds: "secret" },
  },
  {
    name: "private addresses need not be listed",
    file: DECIDE,
    edits: [["if (!listed.includes(target.origin)) return false;", ""]],
    ...{ leakClass: "redirect", finds: "connection" },
  },
  {
    name: "every https host counts as public",
    file: "upstream/origin.ts",
    edits: [[`classifyHost(parsed.hostname) === "public"`, "true"]],
    ...{ leakClass: "foreign-layer", finds: "connection" },
  },
  {
    name: "IPv6 addresses are not looked into",
    file: "upstream/host_class.ts",
    edits: [[
      `if (name.startsWith("[")) return classifyIpv6(name.slice(1, -1));`,
      `if (name.startsWith("[")) return "public";`,
    ]],
    ...{ leakClass: "redirect", finds: "connection" },
  },
  {
    name: "backslashes and control characters are left to the URL parser",
    file: DECIDE,
    edits: [["if (/[\\u0000-\\u001f\\u007f\\\\]/.test(target)) {", "if (false) {"]],
    ...{ leakClass: "foreign-layer", finds: "connection" },
  },
  {
    name: "a public stranger may lead to a private address that is listed",
    file: DECIDE,
    edits: [[
      "if (isPublicOrigin(from) && new URL(from).origin !== upstream.origin) return false;",
      "",
    ]],
    ...{ leakClass: "steered", finds: "connection" },
  },
  {
    name: "a token endpoint may lead wherever the upstream may",
    file: "transport/origin.ts",
    edits: [[`askOrigin(policy, "realm", from, realm).url`, "new URL(realm, from).href"]],
    ...{ leakClass: "steered", finds: "connection" },
  },
];
