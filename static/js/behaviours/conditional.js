/* Hides the questions that the answers given so far do not lead to. The server decides by itself what is asked. */
export default function conditional(form) {
  const questions = [...form.querySelectorAll("[data-shown-if]")];
  form.querySelectorAll("[data-without-script]").forEach((hint) => (hint.hidden = true));

  function answer(name) {
    const control = form.elements.namedItem(name);
    const holder = control instanceof RadioNodeList ? control[0] : control;
    // What is hidden itself answers nothing.
    return holder && !holder.closest("[data-shown-if][hidden]") ? control.value.trim() : "";
  }

  function look() {
    // As often as questions can hang on each other, whatever order they stand in.
    for (let round = 0; round <= questions.length; round += 1) {
      let changed = false;
      for (const question of questions) {
        const hidden = answer(question.dataset.shownIf) !== question.dataset.shownIfAnswer;
        changed ||= question.hidden !== hidden;
        question.hidden = hidden;
      }
      if (!changed) break;
    }
  }

  form.addEventListener("input", look);
  form.addEventListener("change", look);
  look();
}
