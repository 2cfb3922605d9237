"""A line that is poor, in plain words: whose it is, what happens, what to do. The voice is never given up."""

from __future__ import annotations

LINE = {
    "poor.ours": "Votre liaison est faible",
    "poor.ours.text": (
        "Votre image est réduite, votre voix passe d'abord. Rapprochez-vous de la borne wifi ou branchez un câble, "
        "et arrêtez les téléchargements."
    ),
    "poor.theirs": "La liaison de {name} est faible",
    "poor.theirs.text": (
        "Son image peut se figer, sa voix passe d'abord. Parlez chacun à votre tour. Rien n'est à faire de votre côté."
    ),
    "poor.between": "La liaison avec {name} est faible",
    "poor.between.text": (
        "L'image peut se figer, la voix passe d'abord. L'un ou l'autre peut se rapprocher de sa borne wifi "
        "ou arrêter ses téléchargements."
    ),
    "given.screen": "Votre écran n'est plus envoyé pour l'instant",
    "given.screen.text": "Votre liaison ne le porte pas. La voix et l'image continuent ; l'écran revient tout seul.",
    "given.camera": "Votre image n'est plus envoyée pour l'instant",
    "given.camera.text": "Votre liaison ne la porte pas. On vous entend toujours ; l'image revient toute seule.",
    "away.title": "{name} a perdu le serveur",
    "away.text": "L'image et le son passent toujours directement. Ses messages arriveront au retour.",
}
