import { serveHosts } from "../../src/simulation/serve_node.ts";
import { hubFeatures } from "./hub_features.ts";
import { hubQualities } from "./hub_qualities.ts";

hubFeatures(serveHosts);
hubQualities(serveHosts);
