package org.scanformer.server.http;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.scanformer.internal.files.SystemMessages;
import org.scanformer.server.Tls;

/** Reads a certificate and its key as Java wants them. No state. */
final class PemFiles {
  /** Of the entry in memory only; the key's file is what is to be kept. */
  static final String PASSWORD = "in-memory";

  private static final Pattern KEY =
      Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");

  private PemFiles() {}

  /**
   * A key store with the one entry.
   *
   * @throws IllegalArgumentException naming the file and what is wrong with it
   */
  static KeyStore read(Tls tls) {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      PrivateKey key = key(tls.key());
      Certificate[] chain = chain(tls.certificate());
      if (chain.length == 0 || !belong(key, chain[0])) {
        throw new GeneralSecurityException(
            chain.length == 0 ? "the file has no certificate" : "it is of another key");
      }
      store.setKeyEntry("server", key, PASSWORD.toCharArray(), chain);
      return store;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalArgumentException(
          "The certificate "
              + tls.certificate()
              + " cannot be used with its key: "
              + SystemMessages.of(e),
          e);
    }
  }

  /** Whether what the key signs is right by the certificate: clients would tell only then. */
  private static boolean belong(PrivateKey key, Certificate certificate)
      throws GeneralSecurityException {
    if (!key.getAlgorithm().equals(certificate.getPublicKey().getAlgorithm())) {
      return false;
    }
    Signature signature =
        Signature.getInstance(
            switch (key.getAlgorithm()) {
              case "RSA" -> "SHA256withRSA";
              case "EC" -> "SHA256withECDSA";
              default -> "Ed25519";
            });
    byte[] message = {1};
    signature.initSign(key);
    signature.update(message);
    byte[] signed = signature.sign();
    signature.initVerify(certificate);
    signature.update(message);
    return signature.verify(signed);
  }

  private static Certificate[] chain(Path file) throws GeneralSecurityException, IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return CertificateFactory.getInstance("X.509")
          .generateCertificates(in)
          .toArray(Certificate[]::new);
    }
  }

  private static PrivateKey key(Path file) throws GeneralSecurityException, IOException {
    Matcher pem = KEY.matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
    if (!pem.find()) {
      throw new IllegalArgumentException(
          "The key "
              + file
              + " must be a file of 'BEGIN PRIVATE KEY' (PKCS #8), not encrypted; 'openssl pkcs8"
              + " -topk8 -nodes' makes one of others");
    }
    PKCS8EncodedKeySpec encoded =
        new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(pem.group(1)));
    for (String algorithm : List.of("RSA", "EC", "Ed25519")) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(encoded);
      } catch (GeneralSecurityException e) {
        // The file does not say of which kind it is: the next one may read it.
        continue;
      }
    }
    throw new GeneralSecurityException("the key is neither RSA nor EC nor Ed25519");
  }
}
