import { hubEvents } from "../features/hub_events.ts";
import { hubFeatures } from "../features/hub_features.ts";
import { hubQualities } from "../features/hub_qualities.ts";
import { serveHere } from "../features/serve_world.ts";

// the hash whose state a record saves
if (navigator.userAgent === "Cloudflare-Workers") await import("../../src/hash/workerd.ts");

const serve = await serveHere();
hubEvents(serve);
hubFeatures(serve);
hubQualities(serve);
