// judge: what Go's crypto/x509 says of certificates, as a server that knows the root and asks for a client's.
//
//	go run judge.go certificates.go TRUST.pem NAME... where NAME.crt.pem has the certificate, then its CAs
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func judge(roots *x509.CertPool, path string) error {
	chain, err := certificates(path + ".crt.pem")
	if err != nil {
		return err
	}
	if _, err = tls.LoadX509KeyPair(path+".crt.pem", path+".key.pem"); err != nil {
		return err
	}
	between := x509.NewCertPool()
	for _, ca := range chain[1:] {
		between.AddCert(ca)
	}
	_, err = chain[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, DNSName: filepath.Base(path),
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	return err
}

func main() {
	roots := x509.NewCertPool()
	trust, _ := certificates(os.Args[1])
	for _, ca := range trust {
		if ca.Subject.String() == ca.Issuer.String() {
			roots.AddCert(ca)
		}
	}
	for _, path := range os.Args[2:] {
		verdict := "accepts"
		if err := judge(roots, path); err != nil {
			verdict = "refuses " + strings.ReplaceAll(err.Error(), "\n", " ")
		}
		fmt.Println(filepath.Base(path), verdict)
	}
}
