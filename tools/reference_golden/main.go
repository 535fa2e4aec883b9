// Writes what distribution/reference makes of many strings, one JSON array a line:
// [input, registry, repository, tag, digest] or [input] where it refuses.
//
//	go run . | gzip -9n > ../../test/vectors/reference_golden.jsonl.gz
package main

import (
	"bufio"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"encoding/json"
	"math/rand"
	"os"
	"strings"

	"github.com/distribution/reference"
)

var pieces = []string{
	"a", "b", "app", "library", "nginx", "Upper", "x1", "0", "a-b", "a--b", "a_b", "a__b", "a___b", "a.b", "a..b",
	"-a", "a-", "_a", "a_", ".a", "a.", "é", " ", "", "localhost", "LOCALHOST", "docker.io", "index.docker.io",
	"example.com", "Example.com", "example.com.", "10.0.0.1", "[::1]", "[fe80::1]", "[2001:db8::1]", "[zz]", "::1",
	"xn--n3h.com", "sub.example.com", "a:b", "host:5000", "localhost:5000", "[::1]:5000", "host:", "host:port", ":5000",
	strings.Repeat("a", 64), strings.Repeat("a", 127), strings.Repeat("b", 255), strings.Repeat("f", 64),
}

var tags = []string{
	"latest", "v1", "V1.0-rc_1", "_x", ".x", "-x", "", "1", strings.Repeat("t", 128), strings.Repeat("t", 129), "a/b", "é", "a b", "a:b",
}

var digests = []string{
	"sha256:" + strings.Repeat("a", 64), "sha256:" + strings.Repeat("A", 64), "sha256:" + strings.Repeat("a", 63),
	"sha256:" + strings.Repeat("a", 65), "sha512:" + strings.Repeat("0", 128), "sha512:" + strings.Repeat("0", 64),
	"sha256:", "", "md5:" + strings.Repeat("a", 32), "sha256+b64:" + strings.Repeat("a", 64), "sha256:" + strings.Repeat("g", 64),
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	seen := map[string]bool{}
	random := rand.New(rand.NewSource(1))
	for len(seen) < 12000 {
		input := compose(random)
		if seen[input] {
			continue
		}
		seen[input] = true
		if err := encoder.Encode(judge(input)); err != nil {
			panic(err)
		}
	}
}

func compose(random *rand.Rand) string {
	pick := func(from []string) string { return from[random.Intn(len(from))] }
	parts := make([]string, 1+random.Intn(4))
	for i := range parts {
		parts[i] = pick(pieces)
		if random.Intn(3) > 0 { // most inputs should be valid
			parts[i] = pick(pieces[:10])
		}
	}
	if len(parts) > 1 && random.Intn(2) == 0 {
		parts[0] = pick(pieces[24:46])
	}
	text := strings.Join(parts, "/")
	if random.Intn(2) == 0 {
		text += ":" + pick(tags)
	}
	if random.Intn(3) == 0 {
		text += "@" + pick(digests)
	}
	return text
}

func judge(input string) []string {
	named, err := reference.ParseNormalizedNamed(input)
	if err != nil {
		return []string{input}
	}
	named = reference.TagNameOnly(named)
	row := []string{input, reference.Domain(named), reference.Path(named), "", ""}
	if tagged, ok := named.(reference.Tagged); ok {
		row[3] = tagged.Tag()
	}
	if digested, ok := named.(reference.Digested); ok {
		row[4] = digested.Digest().String()
	}
	return row
}
