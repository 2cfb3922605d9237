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

sys.path.insert(0, str(Path.cwd() if (Path.cwd() / "components").exists() else Path.cwd().parent))

import holoviews as hv
import panel as pn

# Rien ne vient d'Internet : un hôpital bloque tout.
hv.extension("bokeh", inline=True, logo=False)
pn.extension(inline=True)


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
# Pages, zoom, recherche. Le navigateur ne reçoit que des images : un fichier piégé ne l'atteint pas.

# %%
demo("document_viewer")

# %% [markdown]
# ## Regarder une imagerie
# Fenêtre et niveau changent sans le serveur. « Mesurer », puis deux points sur l'image.

# %%
demo("image_viewer")

# %% [markdown]
# ## Suivre une biologie
# Le critique d'abord ; la bande est la référence ; la forme et la couleur disent la même chose.

# %%
demo("lab_trends")

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
