import type { RegistryProfile } from "../core/mod.ts";

const MIB = 1024 * 1024;

/** A registry that does what the distribution spec says; what is not known is detected. */
export const GENERIC_PROFILE: RegistryProfile = {
  name: "generic",
  hosts: [],
  tokenOrigins: [],
  credentialKeys: [],
  referrers: "detect",
  tagPageSize: 1000, // ECR refuses more
  multipleChunks: true,
  notFoundRedirects: [],
};

/**
 * The registries that differ from the spec, or that live elsewhere than their name says. A `*` in a
 * host stands for one or more characters other than a dot.
 */
export const PROFILES: readonly RegistryProfile[] = [
  {
    ...GENERIC_PROFILE,
    name: "hub",
    hosts: ["docker.io", "index.docker.io", "registry-1.docker.io"],
    origin: "https://registry-1.docker.io",
    tokenOrigins: ["https://auth.docker.io"],
    // docker files Hub's credentials under the first, podman under the second
    credentialKeys: [
      "https://index.docker.io/v1/",
      "docker.io",
      "index.docker.io",
      "registry-1.docker.io",
    ],
  },
  {
    ...GENERIC_PROFILE,
    name: "ghcr",
    hosts: ["ghcr.io", "containers.*.ghe.com"],
    referrers: "tag",
    maxPatchBytes: 4 * MIB, // a larger one is answered 416
    notFoundRedirects: ["github.com"],
    anonymousAfterDenied: true,
  },
  {
    ...GENERIC_PROFILE,
    name: "ecr",
    hosts: [
      "*.dkr.ecr.*.amazonaws.com",
      "*.dkr.ecr-fips.*.amazonaws.com",
      "*.dkr.ecr.*.amazonaws.com.cn",
      "public.ecr.aws",
    ],
  },
  {
    ...GENERIC_PROFILE,
    name: "gar",
    hosts: ["*-docker.pkg.dev", "gcr.io", "*.gcr.io"],
    multipleChunks: false,
  },
  {
    ...GENERIC_PROFILE,
    name: "acr",
    hosts: ["*.azurecr.io", "*.azurecr.cn", "*.azurecr.us"],
  },
  { ...GENERIC_PROFILE, name: "quay", hosts: ["quay.io"] },
  {
    ...GENERIC_PROFILE,
    name: "gitlab",
    hosts: ["registry.gitlab.com"],
    tokenOrigins: ["https://gitlab.com"],
  },
];

/**
 * The profile of a registry by the host that users write.
 *
 * @param host As in a reference: `docker.io`, `ghcr.io`, `localhost:5000`. Case does not matter.
 * @returns {@linkcode GENERIC_PROFILE} for a host that no profile names.
 */
export function profileForHost(host: string): RegistryProfile {
  const name = host.toLowerCase();
  return PROFILES.find(({ hosts }) => hosts.some((pattern) => matchesHost(pattern, name))) ??
    GENERIC_PROFILE;
}

/** Label by label, so that no input makes it slow and no `*` reaches over a dot. */
function matchesHost(pattern: string, host: string): boolean {
  const expected = pattern.split(".");
  const labels = host.split(".");
  return expected.length === labels.length &&
    expected.every((part, i) => matchesLabel(part, labels[i] ?? ""));
}

function matchesLabel(pattern: string, label: string): boolean {
  if (!pattern.startsWith("*")) return pattern === label;
  const end = pattern.slice(1);
  return label.length > end.length && label.endsWith(end);
}
