"""What the room of a professional and the page of an invited person both say."""

from __future__ import annotations

TIME = {
    "locale": "fr-FR",
    "time_zone": "Europe/Paris",
    "time.now": "< 1 min",
    "time.minutes": "{minutes} min",
    "time.hours": "{hours} h {minutes}",
    "time.spoken": "{hour} h {minute}",
    "time.spoken_hour": "{hour} h",
    "time.today": "Aujourd'hui à {time}",
    "time.day": "Le {day} à {time}",
}

PEOPLE = {
    "you": "Vous",
    "role.professional": "Professionnel",
    "role.expert": "Requis",
    "role.requester": "Requérant",
    "role.patient": "Patient",
    "role.caregiver": "Aidant",
    "event.entered": "{name} a rejoint la salle",
    "event.left": "{name} a quitté la salle",
    "event.chat": "Message de {name} : {text}",
    "event.entered.at": "{name} a rejoint la salle à {time}",
    "event.left.at": "{name} a quitté la salle à {time}",
    "tile.muted": "Micro coupé",
    "tile.silenced": "Micro coupé par un professionnel",
    "tile.no_camera": "Caméra coupée",
    "tile.connecting": "Connexion…",
    "tile.cut": "Image interrompue, nouvel essai…",
    "aux.screen": "Écran de {name}",
    "aux.camera": "Deuxième caméra de {name}",
    "aux.auscultation": "Auscultation par {name}",
    "aux.own.screen": "Votre écran partagé",
    "aux.own.camera": "Votre deuxième caméra",
    "voice.silenced": "Un professionnel a coupé votre micro",
    "voice.silenced.text": "On ne vous entend plus pour l'instant. Vous pouvez toujours écrire.",
    "voice.given": "Votre micro vous est rendu",
    "voice.given.text": "Il reste coupé tant que vous ne l'ouvrez pas.",
    "voice.asked": "{name} vous demande d'ouvrir votre micro",
    "voice.open": "Ouvrir mon micro",
    "voice.keep": "Plus tard",
    "unit.lost": "Le relais vidéo ne répond pas encore",
    "quality.0": "Coupée",
    "quality.1": "Faible",
    "quality.2": "Moyenne",
    "quality.3": "Bonne",
    "quality.0.long": "Liaison coupée",
    "quality.1.long": "Liaison faible",
    "quality.2.long": "Liaison moyenne",
    "quality.3.long": "Liaison bonne",
}

DEVICES = {
    "device.video": "Caméra",
    "device.audio": "Micro",
    "device.speaker": "Haut-parleur",
    "device.video_n": "Caméra {n}",
    "device.audio_n": "Micro {n}",
    "device.speaker_n": "Haut-parleur {n}",
    "device.video_off": "Sans caméra",
    "device.audio_off": "Sans micro",
    "device.speaker_default": "Haut-parleur du système",
    "device.speaker_else": "Autre haut-parleur…",
    "lobby.level": "Niveau du micro",
    "problem.retry": "Réessayer",
    "problem.video.missing": "Aucune caméra trouvée",
    "problem.video.taken": "Caméra déjà utilisée",
    "problem.video.refused": "Caméra refusée",
    "problem.audio.missing": "Aucun micro trouvé",
    "problem.audio.taken": "Micro déjà utilisé",
    "problem.audio.refused": "Micro refusé",
    "interrupted.video": "Votre caméra s'est arrêtée",
    "interrupted.audio": "Votre micro s'est arrêté",
    "interrupted.resume": "Reprendre",
    "replaced.audio": "Votre micro a été débranché",
    "replaced.video": "Votre caméra a été débranchée",
    "replaced.text": "L'appel continue avec : {name}.",
    "sound.blocked": "Votre navigateur retient le son",
    "sound.play": "Activer le son",
}

CHAT = {
    "chat.title": "Discussion",
    "chat.log": "Messages de la salle",
    "chat.empty": "Aucun message pour l'instant. Ce que vous écrivez est lu par toutes les personnes en salle.",
    "chat.input": "Message à la salle",
    "chat.send": "Envoyer le message",
    "chat.pending": "Envoi…",
    "chat.unread.one": "{count} message non lu",
    "chat.unread.other": "{count} messages non lus",
}

BAR = {
    "bar.label": "Commandes de l'appel",
    "bar.leave": "Quitter la téléconsultation",
    "bar.leave.short": "Quitter",
    "line.lost": "Connexion au serveur perdue, nouvel essai…",
}

SHARED = {**TIME, **PEOPLE, **DEVICES, **CHAT, **BAR}
