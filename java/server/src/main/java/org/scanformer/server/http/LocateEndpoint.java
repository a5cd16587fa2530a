package org.scanformer.server.http;

import java.util.concurrent.CompletableFuture;
import org.scanformer.server.LocateService;
import org.scanformer.server.Models;
import org.scanformer.server.Question;
import org.scanformer.server.ServedModel;
import org.scanformer.server.ServiceException;
import org.scanformer.server.oip.Inference;

/**
 * {@code POST /v1/locate}: an image and an expression give the JSON that the command line prints.
 */
final class LocateEndpoint implements Endpoint {
  private final Models models;
  private final LocateService service;
  private final ImageUrls urls;

  LocateEndpoint(Models models, LocateService service, ImageUrls urls) {
    this.models = models;
    this.service = service;
    this.urls = urls;
  }

  @Override
  public CompletableFuture<Reply> answer(Call call) {
    LocateForm form = LocateForm.read(call);
    Question question =
        new Question(
            form.field(LocateForm.TEXT),
            form.foundThreshold(),
            form.candidates(),
            Inference.schedule(form.field(LocateForm.SCHEDULE)));
    ServedModel model = model(form);
    return file(form, call)
        .thenCompose(file -> service.decode(file, call.ticket(), call.deadline()))
        .thenCompose(
            image -> service.locate(model, image, question, call.ticket(), call.deadline()))
        .thenApplyAsync(location -> Reply.json(location.toMap()), service.writers());
  }

  private ServedModel model(LocateForm form) {
    String name = form.field(LocateForm.MODEL);
    String version = form.field(LocateForm.VERSION);
    return name == null && version == null
        ? models.first()
        : models.get(name == null ? models.first().name() : name, version);
  }

  private CompletableFuture<byte[]> file(LocateForm form, Call call) {
    String url = form.field(LocateForm.IMAGE_URL);
    if ((form.image() == null) == (url == null)) {
      throw ServiceException.badRequest(
          "Either of 'image' and 'image_url' is expected, found %s",
          url == null ? "neither" : "both");
    }
    return url == null
        ? CompletableFuture.completedFuture(form.image())
        : urls.fetch(url, call.ticket(), call.deadline());
  }
}
