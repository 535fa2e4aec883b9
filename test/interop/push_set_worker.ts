import { pushSet } from "./push_set.ts";

/**
 * The pushes inside workerd: `?files=URL&at=…` pushes the images of a layout that is served at that
 * URL, each blob read by range as it is sent, and answers with the report.
 */
export default {
  async fetch(request: Request): Promise<Response> {
    const { searchParams } = new URL(request.url);
    const files = searchParams.get("files") ?? "";
    try {
      const report = await pushSet({
        read: async (path) => await (await get(`${files}/${path}`)).bytes(),
        open: (path, size) =>
          Promise.resolve({
            size,
            slice: (start: number) => readFrom(`${files}/${path}`, start, size),
          }),
      }, searchParams.get("at") ?? "");
      return Response.json(report);
    } catch (error) {
      return new Response(String(error), { status: 500 });
    }
  },
};

async function readFrom(
  url: string,
  start: number,
  size: number,
): Promise<Uint8Array | ReadableStream<Uint8Array>> {
  if (start === size) return new Uint8Array();
  return (await get(url, { range: `bytes=${start}-` })).body ?? new Uint8Array();
}

async function get(url: string, headers: Record<string, string> = {}): Promise<Response> {
  const response = await fetch(url, { headers });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response;
}
