import { describe, expect, it } from "vitest";
import { classifyHost, isLoopbackHost, isPublicOrigin } from "../../../src/upstream/mod.ts";

/** First and last address of each block, with the neighbours that are outside. */
const IPV4: readonly (readonly [string, string])[] = [
  ["0.255.255.255", "private"],
  ["1.0.0.0", "public"],
  ["9.255.255.255", "public"],
  ["10.0.0.0", "private"],
  ["11.0.0.0", "public"],
  ["100.63.255.255", "public"],
  ["100.64.0.0", "private"],
  ["100.127.255.255", "private"],
  ["100.128.0.0", "public"],
  ["126.255.255.255", "public"],
  ["127.0.0.0", "loopback"],
  ["127.255.255.255", "loopback"],
  ["128.0.0.0", "public"],
  ["168.63.129.15", "public"],
  ["168.63.129.16", "private"],
  ["169.253.255.255", "public"],
  ["169.254.0.0", "private"],
  ["169.255.0.0", "public"],
  ["172.15.255.255", "public"],
  ["172.16.0.0", "private"],
  ["172.31.255.255", "private"],
  ["172.32.0.0", "public"],
  ["192.0.0.0", "private"],
  ["192.0.1.0", "public"],
  ["192.0.2.1", "private"],
  ["192.167.255.255", "public"],
  ["192.168.0.0", "private"],
  ["192.169.0.0", "public"],
  ["198.17.255.255", "public"],
  ["198.18.0.0", "private"],
  ["198.19.255.255", "private"],
  ["198.20.0.0", "public"],
  ["198.51.100.1", "private"],
  ["203.0.113.1", "private"],
  ["223.255.255.255", "public"],
  ["224.0.0.0", "private"],
  ["255.255.255.255", "private"],
];

const IPV6: readonly (readonly [string, string])[] = [
  ["[::]", "private"],
  ["[::1]", "loopback"],
  ["[::2]", "private"],
  ["[::ffff:7f00:1]", "loopback"],
  ["[::ffff:808:808]", "public"],
  ["[64:ff9b::a00:1]", "private"],
  ["[64:ff9b::808:808]", "public"],
  ["[64:ff9b:1::1]", "private"],
  ["[100::1]", "private"],
  ["[1fff::1]", "private"],
  ["[2000::1]", "public"],
  ["[2001::1]", "private"],
  ["[2001:1ff::1]", "private"],
  ["[2001:200::1]", "public"],
  ["[2001:db8::1]", "private"],
  ["[2002:c0a8:1::]", "private"],
  ["[2002:808:808::]", "public"],
  ["[3fff::1]", "private"],
  ["[3fff:1000::1]", "public"],
  ["[4000::1]", "private"],
  ["[fc00::1]", "private"],
  ["[fdff::1]", "private"],
  ["[fe80::1]", "private"],
  ["[ff02::1]", "private"],
  ["[2606:4700::1111]", "public"],
];

describe("classifyHost()", () => {
  for (const [host, expected] of [...IPV4, ...IPV6]) {
    it(`${host} is ${expected}`, () => {
      expect(classifyHost(host)).toBe(expected);
      expect(classifyHost(new URL(`https://${host}/`).hostname)).toBe(expected);
    });
  }

  it("tells names apart", () => {
    const names = {
      "registry-1.docker.io": "public",
      "localhost": "loopback",
      "x.localhost": "loopback",
      "localhost.example": "public",
      "notlocalhost": "private",
      "printer.local": "private",
      "local.example": "public",
      "notlocal.example": "public",
      "a.internal.": "private",
      "internal.example": "public",
      "registry": "private",
    };
    for (const [name, expected] of Object.entries(names)) {
      expect([name, classifyHost(name)]).toEqual([name, expected]);
    }
  });

  it("takes an address that is none for private", () => {
    for (const host of ["[1:2:3]", "[::1::]", "[g::1]", "[]", "[1:2:3:4:5:6:7:8:9]", "a..b."]) {
      expect(isPublicOrigin(`https://${host}/`)).toBe(false);
      if (host.startsWith("[")) expect(classifyHost(host)).toBe("private");
    }
  });

  it("isLoopbackHost() is this machine only", () => {
    expect(["localhost", "127.0.0.1", "[::1]"].every(isLoopbackHost)).toBe(true);
    expect(["10.0.0.1", "example.com", "0.0.0.0"].some(isLoopbackHost)).toBe(false);
  });
});
