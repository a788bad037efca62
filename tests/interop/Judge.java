import java.io.FileInputStream;
import java.security.KeyStore;
import java.security.cert.CertStore;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.Collection;
import javax.net.ssl.CertPathTrustManagerParameters;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/**
 * What JSSE says of certificates, as a server that knows the root and the CRLs and asks for a client's; and of bundles.
 *
 * <p>java Judge.java TRUST.pem CRL.pem NAME... where NAME.crt.pem has the certificate, then its CAs;
 * java Judge.java --bundle PASSWORD FILE.pfx
 */
class Judge {
  private static final CertificateFactory FACTORY = factory();

  private static CertificateFactory factory() {
    try {
      return CertificateFactory.getInstance("X.509");
    } catch (Exception impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static X509Certificate[] certificates(String file) throws Exception {
    try (FileInputStream in = new FileInputStream(file)) {
      return FACTORY.generateCertificates(in).toArray(new X509Certificate[0]);
    }
  }

  private static void bundle(String password, String file) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (FileInputStream in = new FileInputStream(file)) {
      store.load(in, password.toCharArray());
    }
    String alias = store.aliases().nextElement();
    if (store.getKey(alias, password.toCharArray()) == null) throw new IllegalStateException("no key");
  }

  private static X509TrustManager trusting(String trust, String crls) throws Exception {
    KeyStore roots = KeyStore.getInstance("PKCS12");
    roots.load(null, null);
    for (X509Certificate one : certificates(trust)) {
      if (one.getSubjectX500Principal().equals(one.getIssuerX500Principal())) roots.setCertificateEntry("root", one);
    }
    PKIXBuilderParameters parameters = new PKIXBuilderParameters(roots, new X509CertSelector());
    parameters.setRevocationEnabled(true);
    try (FileInputStream in = new FileInputStream(crls)) {
      Collection<?> lists = FACTORY.generateCRLs(in);
      parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(lists)));
    }
    TrustManagerFactory managers = TrustManagerFactory.getInstance("PKIX");
    managers.init(new CertPathTrustManagerParameters(parameters));
    return (X509TrustManager) managers.getTrustManagers()[0];
  }

  public static void main(String[] args) throws Exception {
    if (args[0].equals("--bundle")) {
      bundle(args[1], args[2]);
      return;
    }
    X509TrustManager manager = trusting(args[0], args[1]);
    for (int i = 2; i < args.length; ++i) {
      String verdict = "accepts";
      try {
        X509Certificate[] chain = certificates(args[i] + ".crt.pem");
        manager.checkClientTrusted(chain, chain[0].getPublicKey().getAlgorithm());
      } catch (Exception refused) {
        Throwable cause = refused;
        while (cause.getCause() != null) cause = cause.getCause();
        verdict = "refuses " + String.valueOf(cause.getMessage()).replace('\n', ' ');
      }
      System.out.println(args[i].replaceAll(".*/", "") + " " + verdict);
    }
  }
}
