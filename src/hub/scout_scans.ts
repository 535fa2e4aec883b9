import type { CallOptions } from "../client/mod.ts";
import { isJsonObject, type Json, TidegateError } from "../core/mod.ts";
import type { HubApi } from "./api.ts";
import { hubAnswer, readCount, readEntries } from "./fields.ts";
import type { ScanFindings, ScanSource, ScanSubject } from "./scan_source.ts";

const { readObject, readString } = hubAnswer;

/** Options of {@linkcode scoutScans}. */
export interface ScoutOptions {
  /** Where Scout answers, with or without a login. */
  readonly api: HubApi;
  /** The organisation whose private images are looked at. Default is public data. */
  readonly organization?: string | undefined;
}

const QUERY = `query imageSummariesByDigest(
  $context: Context!, $digests: [String!]!, $repository: ScRepositoryInput
) {
  imageSummariesByDigest(context: $context, digests: $digests, repository: $repository) {
    digest
    vulnerabilityReport { critical high medium low unspecified total }
  }
}`;

/**
 * Docker Scout's summaries by GraphQL. Docker's own clients use it; it is not documented, and may
 * change any day: then it is one source that cannot be asked.
 *
 * @see {@linkcode ScanSource}
 */
export function scoutScans({ api, organization }: ScoutOptions): ScanSource {
  const url = `${api.upstream.origin}/v1/graphql`;
  return {
    name: "scout",
    async find(subject, { signal }): Promise<ScanFindings | undefined> {
      const variables = {
        context: organization === undefined ? {} : { organization },
        digests: [subject.digest],
        repository: { hostName: "hub.docker.com", repoName: subject.ref.repository },
      };
      const body = { query: QUERY, variables };
      const what = `Scout's summary of ${subject.digest}`;
      const { body: answer } = await api.call({ method: "POST", url, body, what, signal });
      return readSummary(answer, subject);
    },
  } satisfies { name: string; find(subject: ScanSubject, options: CallOptions): unknown };
}

function readSummary(
  answer: Json | undefined,
  { digest }: ScanSubject,
): ScanFindings | undefined {
  const document = readObject(answer, "scout");
  const data = document["data"] ?? null;
  if (data === null) throw refused(document["errors"] ?? null);
  const summaries = readObject(data, "data")["imageSummariesByDigest"];
  const found = readEntries(summaries, "summaries", readObject).find((summary) => {
    return readString(summary["digest"], "summary.digest") === digest;
  });
  const report = found?.["vulnerabilityReport"] ?? null;
  if (report === null) return undefined; // the image is known, but nobody has scanned it
  const fields = readObject(report, "report");
  const count = (name: string): number => readCount(fields[name] ?? 0, `report.${name}`);
  return {
    severities: {
      critical: count("critical"),
      high: count("high"),
      medium: count("medium"),
      low: count("low"),
      unknown: count("unspecified"),
    },
  };
}

/** GraphQL says no with status 200. Its text is not repeated. */
function refused(errors: Json): TidegateError<"UNSUPPORTED"> {
  const first = Array.isArray(errors) ? errors[0] as Json | undefined : undefined;
  const more = isJsonObject(first) ? first["extensions"] : undefined;
  const status = isJsonObject(more) ? more["status"] : undefined;
  const said = typeof status === "string" && /^[A-Z_]{1,32}$/.test(status) ? status : "an error";
  const reason = `it answers ${said}`;
  return new TidegateError("UNSUPPORTED", `Scout: ${reason}`, { what: "Scout", reason });
}
