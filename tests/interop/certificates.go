// What the judges share: reading the certificates of a PEM file.
package main

import (
	"crypto/x509"
	"encoding/pem"
	"os"
)

func certificates(file string) (list []*x509.Certificate, err error) {
	text, err := os.ReadFile(file)
	for err == nil {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return
		}
		var one *x509.Certificate
		if one, err = x509.ParseCertificate(block.Bytes); err == nil {
			list = append(list, one)
		}
	}
	return
}
