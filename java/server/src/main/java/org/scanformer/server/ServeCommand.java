package org.scanformer.server;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.scanformer.BackendKind;
import org.scanformer.BatcherOptions;
import org.scanformer.Precision;
import org.scanformer.ScanFormerException;
import org.scanformer.ScanFormerOptions;
import org.scanformer.internal.files.SystemMessages;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Serves models until the process is told to stop. */
@Command(
    name = "scanformer serve",
    description = "Serves models over HTTP and gRPC, with a page to try them.",
    mixinStandardHelpOptions = true,
    versionProvider = ServeCommand.Version.class,
    footer = {
      "",
      "POST /v1/locate answers an image and an expression; /v2 is the Open Inference Protocol,"
          + " version 2; / is a page to try it, /openapi.json describes it, /metrics is for"
          + " Prometheus.",
      "",
      "It listens on the loopback interface unless --address says otherwise. Before others can"
          + " reach it, set SCANFORMER_TOKEN or --token-file, and --tls-cert with --tls-key."
    })
public final class ServeCommand implements Callable<Integer> {
  private static final String TOKEN_VARIABLE = "SCANFORMER_TOKEN";
  private static final List<String> LOOPBACK_NAMES = List.of("localhost", "127.0.0.1", "[::1]");

  @Spec private CommandSpec spec;

  @Option(
      names = "--model",
      paramLabel = "[NAME[:VERSION]=]DIR|BUNDLED",
      converter = ModelConverter.class,
      description =
          "A model to serve, a directory or a bundled one, photos or shapes (./photos is a directory of"
              + " that name); may be repeated. Default: shapes.")
  private List<ModelSpec> models = new ArrayList<>();

  @Option(
      names = "--address",
      paramLabel = "HOST",
      defaultValue = "127.0.0.1",
      description = "The address to listen on. Default: 127.0.0.1.")
  private String address;

  @Option(
      names = "--port",
      paramLabel = "N",
      defaultValue = "8080",
      description = "The port of HTTP; 0 for any. Default: 8080.")
  private int port;

  @Option(
      names = "--grpc-port",
      paramLabel = "N",
      defaultValue = "8081",
      description = "The port of gRPC; 0 for any, -1 for none. Default: 8081.")
  private int grpcPort;

  @Option(
      names = "--tls-cert",
      paramLabel = "FILE.pem",
      description = "The certificate and those that lead to its root.")
  private Path certificate;

  @Option(
      names = "--tls-key",
      paramLabel = "FILE.pem",
      description = "The certificate's key (PKCS #8).")
  private Path key;

  @Option(
      names = "--token-file",
      paramLabel = "FILE",
      description =
          "A file with the token that requests must bring. Default: the variable SCANFORMER_TOKEN;"
              + " without either, no token is asked for.")
  private Path tokenFile;

  @Option(
      names = "--allow-host",
      paramLabel = "NAME",
      description =
          "A further name that requests may call the server by while it listens on the loopback"
              + " interface; may be repeated.")
  private List<String> allowedHosts = new ArrayList<>();

  @Option(
      names = "--allow-url",
      paramLabel = "PREFIX",
      description =
          "What the image_url of a request may begin with; may be repeated. Default: no URL is"
              + " fetched.")
  private List<String> allowedUrls = new ArrayList<>();

  @Option(
      names = "--access-log",
      description = "Write a line of JSON to standard error for each request. Default: none.")
  private boolean accessLog;

  @Option(
      names = "--max-batch",
      paramLabel = "N",
      defaultValue = "8",
      description = "The most requests that run together. Default: 8.")
  private int maxBatch;

  @Option(
      names = "--batch-delay",
      paramLabel = "MS",
      defaultValue = "0",
      description = "How long a request waits for others while its model is free. Default: 0.")
  private int batchDelayMillis;

  @Option(
      names = "--backend",
      paramLabel = "auto|cpu|cuda",
      defaultValue = "auto",
      description = "Kind of device. Default: auto.")
  private BackendKind backend;

  @Option(
      names = "--device",
      paramLabel = "N",
      defaultValue = "0",
      description = "Number of the device among those of its kind. Default: 0.")
  private int device;

  @Option(
      names = "--precision",
      paramLabel = "fp32|tf32|fp16|bf16",
      description = "Type of matrix products. Default: the device's own.")
  private Precision precision;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      description = "CPU threads of a model; 0 for all. Default: 0.")
  private int threads;

  @Mixin private LimitOptions limits;

  /**
   * Runs the command.
   *
   * @return the exit code, as those of the command line; not before the server has stopped
   */
  public static int run(String[] args, PrintWriter out, PrintWriter err) {
    return new CommandLine(new ServeCommand())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpAutoWidth(true)
        .setOut(out)
        .setErr(err)
        .setParameterExceptionHandler(
            (failure, arguments) -> {
              err.println("scanformer: " + failure.getMessage());
              err.println("'scanformer serve --help' shows the usage.");
              return 2;
            })
        .setExecutionExceptionHandler(
            (failure, command, parsed) -> {
              if (failure instanceof CommandLine.ParameterException usage) {
                throw usage;
              }
              boolean known =
                  failure instanceof ScanFormerException
                      || failure instanceof IllegalStateException;
              err.println(
                  "scanformer: " + (known ? failure.getMessage() : SystemMessages.of(failure)));
              return 1;
            })
        .execute(args);
  }

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    LibraryLogs.quieten();
    RequestObserver observer = accessLog ? new AccessLog(err) : RequestObserver.NONE;
    ModelServer server;
    try {
      ServerOptions options = options();
      if (!isLoopback() && !options.token().isRequired()) {
        err.println(
            "scanformer: warning: whoever reaches "
                + address
                + " may use this server, as no token is asked for");
      }
      warnIfOthersRead(tokenFile, err);
      warnIfOthersRead(key, err);
      server = ModelServer.start(options, Version.text(), observer, err::println);
    } catch (IllegalArgumentException e) {
      throw new CommandLine.ParameterException(spec.commandLine(), e.getMessage());
    }
    CountDownLatch stopped = new CountDownLatch(1);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server, err), "scanformer-stop"));
    String scheme = certificate == null ? "http" : "https";
    String host = inUri(address);
    out.println("Serving " + scheme + "://" + host + ":" + server.httpPort() + "/");
    if (server.grpcPort() >= 0) {
      out.println("Serving gRPC on " + host + ":" + server.grpcPort());
    }
    out.flush();
    stopped.await();
    return 0;
  }

  private static void stop(ModelServer server, PrintWriter err) {
    err.println("Stopping; " + server.activeRequests() + " requests are in work");
    server.close();
    err.println("Stopped");
    err.flush();
  }

  private boolean isLoopback() throws UnknownHostException {
    return InetAddress.getByName(address).isLoopbackAddress();
  }

  private ServerOptions options() throws IOException {
    if ((certificate == null) != (key == null)) {
      throw new IllegalArgumentException("--tls-cert and --tls-key must be given together");
    }
    requirePort("--port", port, 0);
    requirePort("--grpc-port", grpcPort, -1);
    try {
      BatcherOptions.builder().maxBatch(maxBatch).maxDelay(Duration.ofMillis(batchDelayMillis));
      return new ServerOptions(
          models.isEmpty() ? List.of(ModelSpec.BUNDLED) : models,
          ScanFormerOptions.builder()
              .backend(backend)
              .device(device)
              .precision(precision)
              .threads(threads),
          maxBatch,
          Duration.ofMillis(batchDelayMillis),
          address,
          port,
          grpcPort,
          certificate == null ? null : new Tls(certificate, key),
          token(),
          isLoopback() ? hosts(address, allowedHosts) : List.of(),
          allowedUrls,
          limits.toLimits());
    } catch (ScanFormerException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  /** What requests may call a server that listens on an address of the loopback interface. */
  static List<String> hosts(String address, List<String> allowed) {
    List<String> hosts = new ArrayList<>(LOOPBACK_NAMES);
    String own = inUri(address);
    if (!hosts.contains(own)) {
      hosts.add(own);
    }
    hosts.addAll(allowed);
    return hosts;
  }

  private static String inUri(String address) {
    return address.contains(":") ? "[" + address + "]" : address;
  }

  private static void requirePort(String option, int port, int least) {
    if (port < least || port > 65_535) {
      throw new IllegalArgumentException(option + " must be " + least + " to 65535, found " + port);
    }
  }

  private BearerToken token() throws IOException {
    String token =
        tokenFile == null ? System.getenv(TOKEN_VARIABLE) : Files.readString(tokenFile).strip();
    try {
      return token == null ? BearerToken.NONE : BearerToken.of(token);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          (tokenFile == null ? TOKEN_VARIABLE : tokenFile) + ": " + e.getMessage(), e);
    }
  }

  /** No more than a warning: some platforms hand secrets over like that, to one process each. */
  private static void warnIfOthersRead(Path secret, PrintWriter err) throws IOException {
    if (secret != null
        && Files.exists(secret)
        && Files.getPosixFilePermissions(secret).contains(PosixFilePermission.OTHERS_READ)) {
      err.println(
          "scanformer: warning: every user of this machine can read "
              + secret
              + ": 'chmod o= "
              + secret
              + "' keeps them out");
    }
  }

  /** Reads what names a model. */
  static final class ModelConverter implements CommandLine.ITypeConverter<ModelSpec> {
    @Override
    public ModelSpec convert(String value) {
      try {
        return ModelSpec.parse(value);
      } catch (IllegalArgumentException e) {
        throw new CommandLine.TypeConversionException(e.getMessage());
      }
    }
  }

  /** Reads the version that the build wrote. */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() throws IOException {
      return new String[] {"scanformer serve " + text()};
    }

    static String text() throws IOException {
      Properties properties = new Properties();
      try (var in = ServeCommand.class.getResourceAsStream("version.properties")) {
        properties.load(in);
      }
      return properties.getProperty("version");
    }
  }
}
