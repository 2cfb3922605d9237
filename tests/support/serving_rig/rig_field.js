/** A component with a native field, as the product's forms are made. */
export function render({ model, el }) {
  const label = document.createElement("label");
  label.textContent = "Note ";
  const field = document.createElement("textarea");
  field.className = "draft-note-1";
  field.value = model.text;
  const tell = () => {
    model.text = field.value;
  };
  field.addEventListener("input", tell);
  field.addEventListener("td:draft", tell);
  label.append(field);
  el.append(label);
}
