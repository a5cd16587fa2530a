/**
 * The bundled model of photographs. Its weights are for non-commercial research and education only.
 */
module org.scanformer.model.photos {
  requires org.scanformer;

  provides org.scanformer.ModelProvider with
      org.scanformer.model.photos.PhotosModel;
}
