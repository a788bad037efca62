// paths: what Go's crypto/x509 says of certification paths.
//
//	go run paths.go certificates.go < LINES, each "SECONDS ROOT.pem BETWEEN.pem LEAF.pem USAGE"; prints "accepts" or the reason
package main

import (
	"bufio"
	"crypto/x509"
	"fmt"
	"os"
	"strings"
	"time"
)

func judge(seconds int64, root, between, leaf, usage string) error {
	options := x509.VerifyOptions{Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(),
		CurrentTime: time.Unix(seconds, 0)}
	switch usage {
	case "client":
		options.KeyUsages = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	case "server":
		options.KeyUsages = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	default:
		options.KeyUsages = []x509.ExtKeyUsage{x509.ExtKeyUsageAny}
	}
	roots, err := certificates(root)
	if err != nil {
		return err
	}
	cas, err := certificates(between)
	if err != nil {
		return err
	}
	leaves, err := certificates(leaf)
	if err != nil {
		return err
	}
	for _, ca := range roots {
		options.Roots.AddCert(ca)
	}
	for _, ca := range cas {
		options.Intermediates.AddCert(ca)
	}
	_, err = leaves[0].Verify(options)
	return err
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var seconds int64
		var root, between, leaf, usage string
		fmt.Sscan(lines.Text(), &seconds, &root, &between, &leaf, &usage)
		if err := judge(seconds, root, between, leaf, usage); err != nil {
			fmt.Println(strings.ReplaceAll(err.Error(), "\n", " "))
		} else {
			fmt.Println("accepts")
		}
	}
}
