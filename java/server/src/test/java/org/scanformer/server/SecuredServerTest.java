package org.scanformer.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Base64;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.server.grpc.inference.GRPCInferenceServiceGrpc;
import org.scanformer.server.grpc.inference.ServerLiveRequest;

/** A token and TLS, over both protocols. */
class SecuredServerTest {
  private static final String TOKEN = "0123456789abcdef";

  private static KeyStore keys;

  @TempDir private Path directory;

  /** Makes a certificate for localhost with the JDK's own tool. */
  @BeforeAll
  static void makeCertificate(@TempDir Path made) throws Exception {
    Path file = made.resolve("keys.p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                "server",
                "-keyalg",
                "EC",
                "-dname",
                "CN=localhost",
                "-ext",
                "san=dns:localhost,ip:127.0.0.1",
                "-validity",
                "30",
                "-storetype",
                "PKCS12",
                "-keystore",
                file.toString(),
                "-storepass",
                "password")
            .redirectErrorStream(true)
            .start();
    String told = new String(keytool.getInputStream().readAllBytes());
    assertEquals(0, keytool.waitFor(), told);
    keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      keys.load(in, "password".toCharArray());
    }
  }

  @BeforeEach
  void writePem() throws Exception {
    write("cert.pem", "CERTIFICATE", keys.getCertificate("server").getEncoded());
    write("key.pem", "PRIVATE KEY", keys.getKey("server", "password".toCharArray()).getEncoded());
  }

  private void write(String name, String kind, byte[] encoded) throws Exception {
    String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(encoded);
    Files.writeString(
        directory.resolve(name),
        "-----BEGIN " + kind + "-----\n" + base64 + "\n-----END " + kind + "-----\n");
  }

  private ServerOptions secured(ServerOptions options) {
    return secured(options, options.limits());
  }

  private ServerOptions secured(ServerOptions options, Limits limits) {
    return new ServerOptions(
        options.models(),
        options.modelOptions(),
        options.maxBatch(),
        options.batchDelay(),
        options.address(),
        0,
        0,
        new Tls(directory.resolve("cert.pem"), directory.resolve("key.pem")),
        BearerToken.of(TOKEN),
        options.hosts(),
        options.allowedUrls(),
        limits);
  }

  private static int status(HttpClient client, URI uri, String token) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri);
    if (token != null) {
      request.header("Authorization", "Bearer " + token);
    }
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString()).statusCode();
  }

  @Test
  void asksForTheTokenOverTls() throws Exception {
    KeyStore trust = KeyStore.getInstance("PKCS12");
    trust.load(null, null);
    trust.setCertificateEntry("server", keys.getCertificate("server"));
    TrustManagerFactory trusted =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trusted.init(trust);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trusted.getTrustManagers(), null);
    HttpClient client = HttpClient.newBuilder().sslContext(context).build();
    try (Fixture server = Fixture.start(this::secured)) {
      URI base = URI.create("https://localhost:" + server.server().httpPort());
      assertEquals(401, status(client, base.resolve("/v2"), null));
      assertEquals(401, status(client, base.resolve("/v2"), "x" + TOKEN));
      assertEquals(401, status(client, base.resolve("/metrics"), null));
      assertEquals(200, status(client, base.resolve("/v2"), TOKEN));
      assertEquals(200, status(client, base.resolve("/v2/health/ready"), null));
      assertEquals(200, status(client, base.resolve("/"), null));
      assertGrpc(server.server().grpcPort());
    }
  }

  private void assertGrpc(int port) throws Exception {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("localhost", port)
            .sslContext(
                GrpcSslContexts.forClient()
                    .trustManager(directory.resolve("cert.pem").toFile())
                    .build())
            .build();
    try {
      GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub stub =
          GRPCInferenceServiceGrpc.newBlockingStub(channel);
      StatusRuntimeException refusal =
          assertThrows(
              StatusRuntimeException.class,
              () -> stub.serverLive(ServerLiveRequest.getDefaultInstance()));
      assertEquals(Status.Code.UNAUTHENTICATED, refusal.getStatus().getCode());
      Metadata headers = new Metadata();
      headers.put(
          Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + TOKEN);
      assertEquals(
          true,
          stub.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
              .serverLive(ServerLiveRequest.getDefaultInstance())
              .getLive());
    } finally {
      channel.shutdownNow();
    }
  }

  private ServerOptions impatient(ServerOptions options) {
    Limits limits = options.limits();
    return secured(
        options,
        new Limits(
            limits.bodyBytes(),
            limits.pixels(),
            limits.requests(),
            limits.memoryBytes(),
            limits.connections(),
            Duration.ofSeconds(1),
            limits.bodyTime(),
            limits.requestTime(),
            limits.drainTime()));
  }

  /** A byte now and then keeps Jetty's own time-out away. */
  @Test
  @Timeout(60)
  void endsHandshakesThatAreSentSlowly() throws Exception {
    try (Fixture server = Fixture.start(this::impatient);
        Socket socket = new Socket("127.0.0.1", server.server().httpPort())) {
      socket.setSoTimeout(100);
      // The beginning of a record with a client's first message of 512 bytes.
      socket.getOutputStream().write(new byte[] {22, 3, 1, 2, 0, 1, 0, 1, (byte) 252});
      long end = System.nanoTime() + Duration.ofSeconds(15).toNanos();
      while (!isClosed(socket)) {
        assertTrue(System.nanoTime() < end, "the handshake goes on");
      }
    }
  }

  /** Waits a little for the end of a connection, and sends a byte. */
  private static boolean isClosed(Socket socket) {
    try {
      if (socket.getInputStream().read() < 0) {
        return true;
      }
    } catch (SocketTimeoutException e) {
      // It is still open.
    } catch (IOException e) {
      return true;
    }
    try {
      socket.getOutputStream().write(0);
      return false;
    } catch (IOException e) {
      return true;
    }
  }

  @Test
  void aKeyThatIsNoneIsTold() throws Exception {
    Files.writeString(directory.resolve("key.pem"), "no key");
    assertRefused("key.pem");
    KeyPair other = KeyPairGenerator.getInstance("EC").generateKeyPair();
    write("key.pem", "PRIVATE KEY", other.getPrivate().getEncoded());
    assertRefused("it is of another key");
    Files.writeString(directory.resolve("cert.pem"), "");
    assertRefused("no certificate");
  }

  private void assertRefused(String words) {
    IllegalArgumentException refusal =
        assertThrows(IllegalArgumentException.class, () -> Fixture.start(this::secured));
    assertEquals(true, refusal.getMessage().contains(words), refusal.getMessage());
  }
}
