// What Go reads in the SANs of certificates: go run san_judge.go FILE.pem prints a line for each.
package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
)

func main() {
	rest, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			fmt.Println("refused:", err)
			continue
		}
		for _, name := range certificate.DNSNames {
			fmt.Print("DNS:", name, " ")
		}
		for _, address := range certificate.IPAddresses {
			fmt.Print("IP:", address, " ")
		}
		for _, uri := range certificate.URIs {
			fmt.Print("URI:", uri, " ")
		}
		for _, email := range certificate.EmailAddresses {
			fmt.Print("email:", email, " ")
		}
		for _, url := range certificate.CRLDistributionPoints {
			fmt.Print("CRL:", url, " ")
		}
		for _, url := range certificate.OCSPServer {
			fmt.Print("OCSP:", url, " ")
		}
		fmt.Println()
	}
}
