// Verifies a log of Writ with golang.org/x/mod/sumdb, which shares no code with it:
// interop <folder> <verifier key> <earlier checkpoint>
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type tiles struct{ folder string }

func (t tiles) Height() int                     { return 8 }
func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (t tiles) ReadTiles(ts []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range ts {
		// Go's own paths have the height of the tiles in them.
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		bytes, err := os.ReadFile(filepath.Join(t.folder, path))
		if err != nil && tile.W < 256 {
			full := tile
			full.W = 256
			bytes, err = os.ReadFile(filepath.Join(t.folder, strings.Replace(full.Path(), "tile/8/", "tile/", 1)))
			if err == nil {
				bytes = bytes[:tile.W*tlog.HashSize]
			}
		}
		if err != nil {
			return nil, err
		}
		all = append(all, bytes)
	}
	return all, nil
}

func checkpoint(file, vkey string) tlog.Tree {
	verifier, err := note.NewVerifier(vkey)
	check(err)
	text, err := os.ReadFile(file)
	check(err)
	signed, err := note.Open(text, note.VerifierList(verifier))
	check(err)
	lines := strings.Split(signed.Text, "\n")
	if lines[0] != verifier.Name() {
		log.Fatalf("the origin is %s", lines[0])
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check(err)
	root, err := base64.StdEncoding.DecodeString(lines[2])
	check(err)
	var hash tlog.Hash
	copy(hash[:], root)
	return tlog.Tree{N: size, Hash: hash}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	folder, vkey := os.Args[1], os.Args[2]
	tree := checkpoint(filepath.Join(folder, "checkpoint"), vkey)
	earlier := checkpoint(os.Args[3], vkey)
	// Verifies each tile that it reads against the root.
	reader := tlog.TileHashReader(tree, tiles{folder})
	proof, err := tlog.ProveTree(tree.N, earlier.N, reader)
	check(err)
	check(tlog.CheckTree(proof, tree.N, tree.Hash, earlier.N, earlier.Hash))
	for n := int64(0); n < tree.N; n += 256 {
		name := tlog.Tile{H: 8, L: -1, N: n / 256, W: int(min(256, tree.N-n))}
		path := strings.Replace(name.Path(), "tile/8/data/", "tile/entries/", 1)
		bundle, err := os.ReadFile(filepath.Join(folder, path))
		check(err)
		for i := int64(0); i < int64(name.W); i++ {
			length := int(binary.BigEndian.Uint16(bundle))
			entry := bundle[2 : 2+length]
			bundle = bundle[2+length:]
			record, err := tlog.ProveRecord(tree.N, n+i, reader)
			check(err)
			if err := tlog.CheckRecord(record, tree.N, tree.Hash, n+i, tlog.RecordHash(entry)); err != nil {
				log.Fatalf("entry %d: %v", n+i, err)
			}
		}
	}
	fmt.Printf("verified %d entries\n", tree.N)
}
