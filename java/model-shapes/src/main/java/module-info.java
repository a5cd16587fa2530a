/** The bundled model: it locates coloured shapes in drawn scenes. */
module org.scanformer.model.shapes {
  requires org.scanformer;

  provides org.scanformer.ModelProvider with
      org.scanformer.model.shapes.ShapesModel;
}
