# Made by tools/list_extension_files.py; run it after adding or removing a file.

set(CLINIC2CLOUD_SCRIPTS
  Clinic2Cloud.py
  Clinic2CloudWidgets/__init__.py
  Clinic2CloudWidgets/cameras.py
  Clinic2CloudWidgets/cases.py
  Clinic2CloudWidgets/deidentify.py
  Clinic2CloudWidgets/facts.py
  Clinic2CloudWidgets/jobs.py
  Clinic2CloudWidgets/layout.py
  Clinic2CloudWidgets/look.py
  Clinic2CloudWidgets/observers.py
  Clinic2CloudWidgets/options.py
  Clinic2CloudWidgets/packages.py
  Clinic2CloudWidgets/panel.py
  Clinic2CloudWidgets/pictures.py
  Clinic2CloudWidgets/process.py
  Clinic2CloudWidgets/results.py
  Clinic2CloudWidgets/review.py
  Clinic2CloudWidgets/scene.py
  Clinic2CloudWidgets/scripting.py
  Clinic2CloudWidgets/section.py
  Clinic2CloudWidgets/select.py
  Clinic2CloudWidgets/send.py
  Clinic2CloudWidgets/seriestree.py
  Clinic2CloudWidgets/views.py
  )

set(CLINIC2CLOUD_RESOURCES
  Resources/Icons/Clinic2Cloud.png
  Resources/UI/Clinic2Cloud.ui
  Resources/requirements-network.txt
  Resources/requirements.txt
  )
