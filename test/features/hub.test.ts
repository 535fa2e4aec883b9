import { serveHosts } from "../../src/simulation/serve_node.ts";
import { hubEvents } from "./hub_events.ts";
import { hubFeatures } from "./hub_features.ts";
import { hubQualities } from "./hub_qualities.ts";

hubEvents(serveHosts);
hubFeatures(serveHosts);
hubQualities(serveHosts);
