package org.scanformer.it.boot;

import java.io.ByteArrayInputStream;
import java.util.concurrent.CompletableFuture;
import org.scanformer.Image;
import org.scanformer.Location;
import org.scanformer.ScanFormer;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Answers where in a picture something is. */
@SpringBootApplication(proxyBeanMethods = false)
public class Service {
  /** Made by Spring. */
  public Service() {}

  /** Starts the service. */
  public static void main(String[] arguments) {
    SpringApplication.run(Service.class, arguments);
  }

  /** Loaded in the common pool, whose threads do not know the class loader of this jar. */
  @Bean(destroyMethod = "close")
  ScanFormer model() {
    return CompletableFuture.supplyAsync(ScanFormer::load).join();
  }

  /** The interface over HTTP. */
  @RestController
  static class Controller {
    private final ScanFormer model;

    Controller(ScanFormer model) {
      this.model = model;
    }

    /** Where it is, as Spring writes a Location to JSON. */
    @PostMapping("/locate")
    Location locate(@RequestParam("text") String text, @RequestBody byte[] picture) {
      return model.locate(Image.read(new ByteArrayInputStream(picture)), text);
    }
  }
}
