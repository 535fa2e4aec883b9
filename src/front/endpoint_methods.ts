import type { Route } from "../distribution/mod.ts";

const READ = ["GET", "HEAD"] as const;

const METHODS: Readonly<Record<Route["kind"], readonly string[]>> = {
  ping: READ,
  manifest: [...READ, "PUT", "DELETE"],
  blob: [...READ, "DELETE"],
  tags: READ,
  referrers: READ,
  uploads: ["POST"],
  upload: [...READ, "PATCH", "PUT", "DELETE"],
};

/** The methods that an endpoint has, for whoever has the right to use them. */
export function endpointMethods(kind: Route["kind"]): readonly string[] {
  return METHODS[kind];
}
