// A simple Go program to compare with: it decodes each token of a file, parses its certificates, and writes one line per
// token. It caches nothing and checks nothing.
package main

import (
	"bufio"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log"
	"os"
)

type token struct {
	CA                    []string
	ManualServerAddresses []string
	ServerAddresses       []string
	ServerName            string
	PeerID                string
	EstablishmentSecret   string
	Remote                struct {
		Partition  string
		Datacenter string
		Locality   *struct{ Region, Zone string }
	}
}

func read(text string) (*token, error) {
	decoded, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	var read token
	if err := json.Unmarshal(decoded, &read); err != nil {
		return nil, err
	}
	for _, ca := range read.CA {
		block, _ := pem.Decode([]byte(ca))
		if block == nil {
			return nil, errors.New("no PEM block")
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return nil, err
		}
	}
	return &read, nil
}

func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 4<<20)
	output := bufio.NewWriter(os.Stdout)
	defer output.Flush()
	for lines.Scan() {
		read, err := read(lines.Text())
		if err != nil {
			fmt.Fprintf(output, "error: %v\n", err)
			continue
		}
		fmt.Fprintf(output, "%s %s %d\n", read.PeerID, read.ServerName, len(read.CA))
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
}
