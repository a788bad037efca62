import java.io.FileInputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;

/** What Java makes of subjects: java NameJudge.java FILE.pem prints one line for each certificate. */
class NameJudge {
  public static void main(String[] args) throws Exception {
    StringBuilder lines = new StringBuilder();
    try (FileInputStream in = new FileInputStream(args[0])) {
      for (Certificate one : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        lines.append(((X509Certificate) one).getSubjectX500Principal().getName("RFC2253")).append('\n');
      }
    }
    System.out.write(lines.toString().getBytes(StandardCharsets.UTF_8));
    System.out.flush();
  }
}
