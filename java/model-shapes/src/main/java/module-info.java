/** The bundled model: it locates coloured shapes in drawn scenes. */
@SuppressWarnings("module") // the module exported to is compiled after this one
module org.scanformer.model.shapes {
  requires org.scanformer;

  exports org.scanformer.model.shapes to
      org.scanformer.bench;

  provides org.scanformer.ModelProvider with
      org.scanformer.model.shapes.ShapesModel;
}
