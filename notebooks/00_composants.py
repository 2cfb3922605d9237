# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Les composants, un par un
#
# Chaque écran de Télédossier est fait de composants qui vivent aussi seuls, ici, sans base de données ni serveur. Ce
# carnet les montre l'un après l'autre, avec des personnes fictives. Exécutez les cellules dans l'ordre.

# %%
import importlib
import sys
from pathlib import Path

ROOT = Path.cwd() if (Path.cwd() / "components").exists() else Path.cwd().parent
sys.path.insert(0, str(ROOT))

import holoviews as hv
import panel as pn

# Rien ne vient d'Internet : un hôpital bloque tout. Les couleurs sont celles des pages, écrites une seule fois.
hv.extension("bokeh", inline=True, logo=False)
pn.extension(inline=True, raw_css=[(ROOT / "components" / "_shared" / "tokens.css").read_text(encoding="utf-8")])


def demo(name: str):
    """La démonstration d'un composant."""
    return importlib.import_module(f"components.{name}.demo").demo()


# %% [markdown]
# ## La liste des télédossiers
# Ce qui vous attend vient d'abord. Cherchez un nom, choisissez une étape : la liste suit.

# %%
demo("dossier_browser")

# %% [markdown]
# ## Les documents d'un dossier
# Un clic ouvre le document ; la pastille dit s'il est nouveau, vu ou téléchargé.

# %%
demo("document_list")

# %% [markdown]
# ## Lire un PDF
# Pages, zoom, rotation, recherche, impression (« ? » montre les touches). Le navigateur ne reçoit que des images : un fichier piégé ne l'atteint pas.

# %%
demo("document_viewer")

# %% [markdown]
# ## Comparer et mesurer une plaie
# Deux dates d'une plaie dessinée. « Mesurer », puis « Référence » : un trait sur la règle, sa longueur réelle en
# millimètres, puis « Surface » : suivez le contour. Faites de même sur l'autre date : l'évolution s'écrit seule. C'est une
# estimation sur une image plate ; de biais, elle se trompe.

# %%
demo("picture_viewer")

# %% [markdown]
# ## Regarder une imagerie
# Fenêtre et niveau changent sans le serveur. « Mesurer », puis deux points sur l'image. Au clavier : les flèches changent
# de coupe, plus et moins zooment. Cet écran n'est pas étalonné : il accompagne un avis, il ne remplace pas une lecture.

# %%
demo("image_viewer")

# %% [markdown]
# ### Pourquoi une fenêtre ?
# Un scanner distingue des milliers de valeurs, un écran et un œil bien moins. La fenêtre « Cerveau » (80 unités autour
# de 40, en bleu-vert) ne garde que le pic où se séparent substance blanche et substance grise ; l'os est loin à droite.

# %%
import numpy as np

from components.image_viewer.demo import Phantom

values = Phantom().frame(8)
counts, edges = np.histogram(values[values > -200], bins=160)
hv.Histogram((edges, counts)).opts(
    width=760, height=240, color="#7c8a86", line_alpha=0, logy=True, ylim=(1, None), toolbar=None, default_tools=[],
    xlabel="Valeur (UH)", ylabel="Nombre de points", title="Ce que contient une coupe",
) * hv.VSpan(0, 80).opts(color="#00695c", alpha=0.22)  # fmt: skip

# %% [markdown]
# La même coupe dans trois fenêtres : chacune montre ce que les autres cachent. Au survol, la valeur reste la même.

# %%
from components.image_viewer.demo import INFO
from components.image_viewer.figure import drawn

hv.Layout([drawn(INFO, values, level, window) for level, window in ((40, 80), (40, 400), (400, 1800))]).cols(3)

# %% [markdown]
# ## Suivre une biologie
# Le critique d'abord ; la bande est la référence ; la forme et la couleur disent la même chose, le tableau aussi.
# Cochez « Anormaux seulement » pour ne garder que ce qui demande une décision.

# %%
demo("lab_trends")

# %% [markdown]
# ## Saisir une biologie
# Choisissez une analyse par l'un de ses noms : l'unité vient avec. Une valeur étonnante est demandée, jamais refusée.

# %%
demo("lab_entry")

# %% [markdown]
# ## Remplir un avis
# Le formulaire s'enregistre seul ; signé, il ne se lit plus que comme un texte.

# %%
demo("clinical_form")

# %% [markdown]
# ## La salle
# Deux personnes dans le même carnet : ouvrez la salle des deux côtés, puis « Rejoindre ».

# %%
demo("video_room")
