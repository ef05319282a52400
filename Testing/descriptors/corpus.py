"""Descriptors as scanners, radiographers and physicians write them, and identifiers to plant.

Written for the tests from knowledge of vendors' habits; no patient's data. In DESCRIPTORS every
word is useful and must stay.
"""

from __future__ import annotations

DESCRIPTORS = """
t1 mprage sag post
t1_mprage_sag_p2_iso
t1_mpr_tra_iso_Kontrastmittel
t1_vibe_dixon_tra_bh_pre
t1_fl2d_tra_opp-in
t1_tse_cor_fs_448
t1_space_sag_p2_iso
motion artifact repeated
susceptibility artefact banding ghosting
t1_se_sag_3mm
t1_starvibe_tra_dyn
t2_tse_tra_512
t2_tse_sag_384 HWS
t2_haste_cor_mbh
t2_space_dark-fluid_sag_p2_iso
t2_tirm_cor_dark-fluid
t2_blade_tra_p2_fs
t2_trufi_sag_cine
t2_fl2d_tra_hemo
t2_me3d_we_sag
t2_de3d_we_sag_iso
pd_tse_fs_cor_320
pd+t2_tse_tra
ep2d_diff_b0_b500_b1000
ep2d_diff_3scan_trace_p2_ADC
ep2d_diff_mddw_20_p2_TRACEW
ep2d_bold_moco_p2
ep2d_bold_rest_moco
ep2d_perf_p2 MTT
ep2d_fid_basic_bold_p2_AP
ep2d_se_fieldmap_PA
resolve_4scan_trace_tra_192
gre_field_mapping
gre_swi3d_p2 mIP
SWI_Images
Mag_Images
Pha_Images
localizer
localizer_haste_3-plane
AAHead_Scout
AAHead_Scout_MPR_sag
AAScout
TOF_3D_multi-slab MIP
TOF 3D Neck
fl3d_ce cor post
CARE Bolus
TWIST angio thorax
tgse_pasl_asl
svs_se_30
csi_slaser
ax flair fs post gad
Ax T1 FSPGR 3D +C
AX T2 FLAIR PROPELLER
Ax DWI b1000
Ax SWAN
Sag T1 CUBE
SAG CUBE T2 FLAIR
Sag PD FS
COR T2 STIR
COR T1 POST GAD
Cor FIESTA
Ax LAVA-Flex +C
WATER: Ax LAVA-Flex
FAT: Ax LAVA-Flex
InPhase: Ax Dual Echo
Ax 3D TOF COW
COL:Ax 3D TOF
3D ASL (non-contrast) CBF
3 Plane Loc FGRE
3-pl T2* FGRE S
Ax FSPGR BRAVO
Sag IR-FSPGR BRAVO 1mm
ASSET calibration
Calibration Scan
SSFSE MRCP thick slab
MRCP RTr 3D
Screen Save
Processed Images
Dose Report
Dose Info
Patient Protocol
T1W_3D_TFE
T1W_TSE_SENSE
T2W_TSE
T2W_FLAIR_SENSE
T2W_DRIVE_CLEAR
sT1W_3D_ISO
sB-TFE_BH
DWI_SSh SENSE
DTI_32 directions
B-FFE cine 2ch
mDIXON-All_BH
e-THRIVE_BH_dyn
3D_VIBRANT
SmartBrain
Survey_32ch_HeadCoil
PC_MRA 3D
3D BrainVIEW FLAIR
VISTA PD sag
M3D MPRAGE
CT HEAD W/O CONTRAST
CT HEAD WO CONTRAST
CT ABD/PEL W CONTRAST
CT Abdomen & Pelvis with IV and oral contrast
CT CHEST PE PROTOCOL
CT Chest High Res
CTA HEAD AND NECK
CTA Chest Abd Pelvis
CTA runoff
CT Thorax mit KM
CT Thorax/Abdomen/Becken portalvenös
CT Abdomen nativ
CT Schädel nativ
CT Kopf-Hals
CT LWS Knochenfenster
CT NNH
CT Felsenbein
CT Polytrauma
CT angio aorta
CT lumbar spine
CT 3D RECON
Topogram 0.6 T20f
Topogram PA 0.6 Tr20
Thorax 1.0 Br64 3
Thorax 1.5 B70f
Thorax 5.0 B31f
Abdomen 3.0 Br36 S3
Abd venous 5.0 B30f
Head 5.0 H31s
HeadSeq 4.8 H31s
InnerEar 0.6 H70h
Cerebrum 4.0 J40s
Neck 2.0 I30f 3
Lung 1.0 B60f
Carotid Angio 0.75 B20f
Coronary CTA 0.6 Bv40
CaScore 3.0 B35f
DE_Abdomen 1.5 Q40f M_0.5
PreMonitoring
Monitoring 10.0 B20f
TestBolus 10.0
SCOUT
AXIAL 2.5MM SOFT TISSUE
AXIAL BONE 0.625
COR BONE 2MM
SAG ST MPR
LUNG 1.25 MIP
THIN LUNG
Recon 2: NECK
1.25mm Standard
Bone Plus
ARTERIAL PHASE
PORTAL VENOUS PHASE
DELAYED 5 MIN
Delay 15 min
Non Con
Post Contrast
W/O
WO AXIAL
STD 3mm
Body 5.0 CE
Vol. 0.5 CE
Brain 5.0 Axial
SmartPrep Series
MIP AORTA
VR 3D carotids
Volume Rendering
MR Schädel nativ
MRT Schädel mit Gefäßdarstellung
MRT Kniegelenk rechts
MRT LWS
MRT HWS nativ
MRT Becken
MRT Oberbauch mit MRCP
MRT Prostata multiparametrisch
MRT Schultergelenk links
MRT Sprunggelenk li.
MRT Hand re
MRT Herz Vitalität
MRT Leber Primovist
MRI BRAIN WITH AND WITHOUT CONTRAST
MRI BRAIN W WO
MRI LUMBAR SPINE WITHOUT CONTRAST
MRI CERVICAL SPINE W/O
MRI KNEE LEFT
MR KNEE RT WO CONTRAST
MRI SHOULDER ARTHROGRAM
MRI PROSTATE
MRI BREAST BILATERAL
MRI PITUITARY
MRI IAC
MRI orbits
MRI C-SPINE
MRA HEAD TOF
MRA NECK W CONTRAST
MRV brain
Knee L 3D SPGR
L-SPINE AP/LAT
C-Spine 5 views
Chest PA and Lateral
CHEST PORTABLE AP
Thorax p.a.
Thorax seitlich
Abdomen supine
Hand left 3 views
Foot AP OBL LAT
Pelvis a.p.
Knie bds. a.p. stehend
Becken Übersicht
Hüfte links axial
Röntgen Thorax 2 Ebenen
R CC
L MLO
RMLO
LCC
Mammographie beidseits
PET WB
PET CT Whole Body FDG
WB CTAC 3.75
PET AC 3D
PET NAC
CT WB 5.0 HD_FoV
FDG Ganzkörper
Bone scan anterior posterior
IRM cérébrale sans et avec gadolinium
IRM encéphale
IRM du genou droit
IRM rachis lombaire
IRM de l'épaule gauche
TDM thoracique
TDM abdomino-pelvien avec injection
Scanner thorax sans injection
Scanner cérébral
Angioscanner thoracique
Radio pulmonaire de face
RM cerebral con contraste
RM rodilla derecha
RM columna lumbar
TC tórax abdomen y pelvis
TC craneal sin contraste
TAC abdomen
Radiografía de tórax
RM encefalo senza e con mdc
RM ginocchio sinistro
TC torace ad alta risoluzione
TC addome completo
RX torace 2 proiezioni
Eco addome superiore
Echo cardiac
US Abdomen complete
Doppler carotid
L3/4 disc
L4-S1 fusion
C5/6 T2 sag
Th12 fracture
S1 joint
b50_400_800
ADC (10^-6 mm2/s)
Apparent Diffusion Coefficient
TE 90 TR 4000
TR=500 TE=15
TI 2500
FA 15 deg
Perfusion_AIF
rCBV map
Tmax
FA colormap
VBM 1x1x1
cine sax 8mm
cine 4ch
LGE psir sax
T1 map MOLLI pre
T2* map heart
Stress perfusion
Flow aorta venc 150
Phase contrast CSF
Tumor follow up
Acute stroke
Rule out PE
Headache, rule out bleed
Knee pain, meniscus tear?
Schmerzen linkes Knie
Kopfschmerz, Ausschluss Blutung
V.a. Bandscheibenvorfall L5/S1
Staging lymphoma
Post-op control
Pre-op planning
Radiotherapy planning CT
Follow-up aneurysm clip
Liver 3 phase
Kidney stone protocol
Dental cone beam
DVT Oberkiefer
Orthopantomogramm
Angiographie Becken-Bein
DSA cerebral
Embolisation
Ax T1 pre
Ax T1 post
SUB Ax T1
Cor T1 post FS
Sag T2 FS cervical
Ax PD thru TMJ
Ax T2 3mm skip 0
Obl Cor T2 FS shoulder
Oblique Sag PD
Reformat sagittal
Reformatted
Range.Ct
ORIG
DERIVED
Composed thoracolumbar
Whole spine stitched
MPR Range 2
Curved MPR
Motion corrected
Repeat
Repeat sag motion
Neonatal brain
Fetal MRI HASTE
Pediatric chest
Quick brain shunt
Orbits fat sat
""".strip().splitlines()

#: Names from many places; most of them in no list of the package.
NAMES = [
    ("Muster", "Anna"),
    ("Smith", "John"),
    ("Müller-Lüdenscheidt", "Jürgen"),
    ("O'Shaughnessy", "Saoirse"),
    ("van der Berg", "Pieter"),
    ("Nguyen", "Thi Hanh"),
    ("Oyelaran", "Olumide"),
    ("Ramasubramanian", "Lakshmi"),
    ("Kowalczyk", "Wojciech"),
    ("García Márquez", "José"),
    ("Çelik", "Ayşe"),
    ("Papadopoulos", "Giorgos"),
    ("Tchaikovsky", "Ivan"),
    ("Yamashita", "Kenji"),
    ("Al-Rashid", "Fatima"),
    ("Brönnimann", "Vreni"),
    ("Gschwandtner", "Alois"),
    ("Lindqvist", "Åsa"),
    ("D'Ambrosio", "Giulia"),
    ("Black", "Mary"),
    ("Long", "Peter"),
    ("Kiefer", "Hans"),
    ("Stone", "Grace"),
    ("Dixon", "Ray"),
]
NUMBERS = [
    "4711-0815",
    "12345678",
    "0004217788",
    "MRN:998877",
    "PID-5567812",
    "A2023-004512",
    "RAD20190312-77",
    "#55671",
    "756.1234.5678.97",
    "078-05-1120",
    "943 476 5919",
    "ACC#778812",
    "Fall 300412",
    "Room 204",
    "Zimmer 12",
    "E12345",
    "X9981Z",
    "10000457",
    "Pat-Nr. 17",
    "ID 4",
    "1.2.840.113619.2.55.3.604688119",
]
DATES = [
    "12.03.1965",
    "1965-03-12",
    "03/12/1965",
    "19650312",
    "12-MAR-1965",
    "12 March 1965",
    "March 12, 1965",
    "12. März 1965",
    "12 mars 1965",
    "12 de marzo de 1965",
    "12 marzo 1965",
    "12.3.65",
    "120365",
    "3/12/65",
    "2019-03",
    "Mar 2019",
    "14:35",
    "14:35:20",
    "2:30 pm",
    "14h35",
    "14.35 Uhr",
    "20190312143520",
    "12/03",
    "1965",
    "03.1965",
    "5th of May 1965",
    "mai 1965",
]
CONTACTS = [
    "+41 44 255 11 11",
    "044/255 11 11",
    "(555) 123-4567",
    "01 42 34 56 78",
    "tel. 0221-4780",
    "anna.muster@example.org",
    "muster@klinik",
    "https://pacs.example.org/view?id=7",
    "www.klinik-beispiel.de",
    "10.11.12.13",
    "Bahnhofstrasse 12",
    "Musterweg 7b",
    "25 Old Mill Road",
    "12 rue de la Gare",
    "8091 Zürich",
    "SW1A 1AA",
    "Universitätsspital Zürich",
    "St. Mary's Hospital",
    "Klinikum Hinterpfuiteufel",
    "Hôpital Saint-Antoine",
    "Ospedale Niguarda",
    "Johns Hopkins",
    "Station 4B",
    "Dr. med. Hinz",
    "Prof. Kunz",
    "Frau Kiefer",
    "Herr Long",
    "Mme Petitjean",
    "Mr. Stone",
    "Sig.ra Testa",
    "ref. Dr Who",
    "Operator: QXZ",
    "Name: Head",
    "Patient: Post",
]
