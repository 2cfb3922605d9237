"""The check of the network before a call: it warns and never keeps anybody out."""

from __future__ import annotations

CHECK = {
    "net.checking": "Vérification du réseau…",
    "net.good": "Réseau prêt : l'image et le son passent",
    "net.plain": "Serveur joignable, rien ne s'oppose à l'appel",
    "net.relay": "Réseau filtré : l'image et le son passeront par le relais",
    "net.relay.text": "L'appel fonctionne, parfois avec un léger retard. Le détail est utile au service informatique.",
    "net.closed": "Réseau fermé : l'image et le son risquent de ne pas passer",
    "net.closed.text": (
        "Essayez un autre réseau (partage de connexion d'un téléphone), et transmettez le détail au service informatique."
    ),
    "net.slow": "Débit faible : la voix passera d'abord",
    "net.slow.text": "Rapprochez-vous de la borne wifi ou branchez un câble, et arrêtez les téléchargements.",
    "net.far": "Liaison lente : laissez une seconde avant de répondre",
    "net.far.text": "Le son arrivera avec du retard. Un câble ou un autre réseau peut aider.",
    "net.browser": "Ce navigateur ne sait pas faire d'appel vidéo",
    "net.browser.text": "Mettez-le à jour, ou utilisez une version récente de Firefox, Chrome, Edge ou Safari.",
    "net.anyway": "Vous pouvez rejoindre quand même.",
    "net.details": "Détail du contrôle",
    "net.again": "Vérifier de nouveau",
    "net.copy": "Copier le rapport",
    "net.copied": "Rapport copié",
    "net.yes": "oui",
    "net.no": "non",
    "net.unknown": "non vérifié",
    "net.report": "Contrôle du réseau, {at}",
    "net.report.browser": "Navigateur : {name}",
    "net.report.server": "Serveur {host} : aller-retour {ms} ms",
    "net.report.udp": "UDP vers l'extérieur : {value}",
    "net.report.relay_udp": "Relais en UDP : {value}",
    "net.report.relay_tls": "Relais en TLS (443) : {value}",
    "net.report.rate": "Débit reçu : {value}",
    "net.report.mega": "{value} Mbit/s",
    "net.report.missing": "Fonctions absentes du navigateur : {names}",
    "net.report.open": (
        "À ouvrir : HTTPS et WebSocket vers {host}, UDP sortant, et le relais : {hosts} (TCP 443 en TLS suffit)"
    ),
}
