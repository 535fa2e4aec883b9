/** A URL form, and what it leads to once parsed. */
export interface UrlForm {
  readonly url: string;
  /**
   * `own`: the upstream's origin. `public`: another public https origin. `refused`: nothing that may
   * be asked. `broken`: not taken as a URL at all.
   */
  readonly means: "own" | "public" | "refused" | "broken";
}

/** The upstream that {@linkcode URL_FORMS} are judged for. */
export const OWN_ORIGIN = "https://registry.example";

const own = (...urls: string[]): UrlForm[] => urls.map((url) => ({ url, means: "own" }));
const open = (...urls: string[]): UrlForm[] => urls.map((url) => ({ url, means: "public" }));
const refused = (...urls: string[]): UrlForm[] => urls.map((url) => ({ url, means: "refused" }));
const broken = (...urls: string[]): UrlForm[] => urls.map((url) => ({ url, means: "broken" }));

/** Spellings of targets that a registry may name, hostile ones first. */
export const URL_FORMS: readonly UrlForm[] = [
  // this machine, in many spellings
  ...refused(
    "https://127.0.0.1/x",
    "https://127.1/x",
    "https://127.0.1/x",
    "https://0x7f.1/x",
    "https://0x7f000001/x",
    "https://2130706433/x",
    "https://017700000001/x",
    "https://127.0.0.1./x",
    "https://127.255.255.254/x",
    "https://①②⑦.0.0.1/x",
    "https://localhost/x",
    "https://LOCALHOST/x",
    "https://localhost./x",
    "https://a.localhost/x",
    "https://[::1]/x",
    "https://[0:0:0:0:0:0:0:1]/x",
    "https://[::ffff:127.0.0.1]/x",
    "https://[::ffff:7f00:1]/x",
    "https://[::127.0.0.1]/x",
    "https://[64:ff9b::127.0.0.1]/x",
    "https://[2002:7f00:1::]/x",
    "https://0/x",
    "https://0.0.0.0/x",
    "https://[::]/x",
    "http://localhost:5000/x",
    "https://127.0.0.1:8443/x",
  ),
  // private networks and metadata services
  ...refused(
    "https://10.0.0.1/x",
    "https://10.255.255.255/x",
    "https://172.16.0.1/x",
    "https://172.31.255.255/x",
    "https://192.168.1.1/x",
    "https://100.64.0.1/x",
    "https://100.100.100.200/latest/meta-data/",
    "https://100.127.255.255/x",
    "https://169.254.169.254/latest/meta-data/",
    "http://169.254.169.254/latest/meta-data/",
    "https://0xA9FEA9FE/x",
    "https://168.63.129.16/x",
    "https://192.0.0.192/opc/v1/",
    "https://198.18.0.1/x",
    "https://224.0.0.1/x",
    "https://255.255.255.255/x",
    "https://[fe80::1]/x",
    "https://[fd00:ec2::254]/x",
    "https://[fc00::1]/x",
    "https://[ff02::1]/x",
    "https://[2001:db8::1]/x",
    "https://[::ffff:a9fe:a9fe]/x",
    "https://[64:ff9b::a9fe:a9fe]/x",
    "https://[2002:a9fe:a9fe::]/x",
    "https://metadata.google.internal/computeMetadata/v1/",
    "https://metadata.google.internal./x",
    "https://metadata/x",
    "https://registry/x",
    "https://printer.local/x",
    "https://vault.corp/x",
    "https://router.home.arpa/x",
    "https://registry.default.svc/x",
    "https://kubernetes.default.svc.cluster.local/x",
    "https://evil..internal/x",
  ),
  // not https, not http
  ...refused(
    "http://registry.example/x",
    "http://registry.example:443/x",
    "http://evil.test/x",
    "file:///etc/passwd",
    "file://registry.example/x",
    "javascript:alert(1)",
    "data:text/plain,x",
    "blob:https://registry.example/x",
    "ftp://registry.example/x",
    "ws://registry.example/x",
    "wss://registry.example/x",
    "about:blank",
    "foo:registry.example",
  ),
  // look-alikes of the own origin: other origins, public
  ...open(
    "https://registry.example:8443/x",
    "https://registry.example:80/x",
    "https://registry.example./x",
    "https://registry.example.evil.test/x",
    "https://evil.test/registry.example",
    "https://evil.test/x?https://registry.example/",
    "https://evil.test/x#@registry.example",
    "https://sub.registry.example/x",
    "https://registry.example.test/x",
    "https://registry-example.test/x",
    "https://registry.exampl%65.test/x",
    "https://xn--rgistry-bya.example/x",
    "https://ｅｖｉｌ.test/x",
    "//evil.test/x",
    "https:///evil.test/x",
    "https://8.8.8.8/x",
    "https://134744072/x",
    "https://[2606:4700::1111]/x",
    "https://[::ffff:8.8.8.8]/x",
  ),
  // the own origin
  ...own(
    "https://registry.example/x",
    "https://REGISTRY.example/x",
    "https://registry.example:443/x",
    "https://registry%2Eexample/x",
    "//registry.example/x",
    "/x",
    "x",
    "?x",
    "../../../x",
    " https://registry.example/x ",
    "https:///registry.example/x",
  ),
  // never taken
  ...broken(
    "",
    "   ",
    "https://",
    "https://[::1",
    "https://registry.example:99999/x",
    "https://reg istry.example/x",
    "https://registry.example@evil.test/x",
    "https://user:password@registry.example/x",
    "https://registry.example%40evil.test/x",
    "https://evil.test\\@registry.example/x",
    "\\\\evil.test\\x",
    "/\\evil.test/x",
    "https:\\\\evil.test/x",
    "https://evil.test/\r\nx: y",
    "https://ev\til.test/x",
    "https://registry.example/\u0000",
    "https://256.256.256.256/x",
    `https://registry.example/${"a".repeat(20 * 1024)}`,
    `https://${"a".repeat(20 * 1024)}.test/`,
  ),
];
