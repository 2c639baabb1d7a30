@echo off
rem Installs siteplan into .venv from the wheels beside this file. Nothing is fetched from a network.
rem ASCII only, no brackets around commands: the folder may be named "De an (ban cuoi)" with any letters.
setlocal EnableExtensions DisableDelayedExpansion
chcp 65001 >nul
set "PYTHONUTF8=1"
set "PIP_CONFIG_FILE=nul"
pushd "%~dp0"
if errorlevel 1 goto nofolder

set "PYTHON="
for %%V in (@VERSIONS@) do call :try py -%%V %%V
for %%V in (@VERSIONS@) do call :try python %%V
if not defined PYTHON goto nopython
echo Dung: %PYTHON%

if exist ".venv\Scripts\python.exe" goto packages
echo Tao moi truong .venv ...
%PYTHON% -m venv .venv || goto failed

:packages
echo Cai dat cac goi, mat khoang mot den ba phut ...
".venv\Scripts\python.exe" -m pip install --quiet --disable-pip-version-check --no-index --find-links wheels --only-binary :all: --require-hashes --no-deps -r requirements.lock || goto failed
".venv\Scripts\python.exe" -m pip install --quiet --disable-pip-version-check --no-index --find-links wheels --no-deps --force-reinstall siteplan==@VERSION@ || goto failed
".venv\Scripts\python.exe" -c "import sys; from siteplan.cli import main; sys.exit(main())" doctor
echo.
echo Cai dat xong. Mo chay.bat de chay hai phuong an.
popd
if not defined SITEPLAN_NO_PAUSE pause
exit /b 0

:try
if defined PYTHON goto :eof
set "CANDIDATE=%1 %2"
if "%3"=="" set "CANDIDATE=%1"
set "WANTED=%3"
if "%3"=="" set "WANTED=%2"
%CANDIDATE% -c "import sys; sys.exit('%%d.%%d' %% sys.version_info[:2] != '%WANTED%' or sys.maxsize.bit_length() != 63)" >nul 2>&1
if not errorlevel 1 set "PYTHON=%CANDIDATE%"
goto :eof

:nopython
echo LOI: khong tim thay Python 64 bit, ban @VERSIONS@.
echo Hay cai Python (tep python-3.x.x-amd64.exe cua python.org, chon "Add python.exe to PATH"), roi chay lai.
goto stopped

:nofolder
echo LOI: khong mo duoc thu muc cua tep nay.
if not defined SITEPLAN_NO_PAUSE pause
exit /b 1

:failed
echo LOI: cai dat khong thanh cong. Xoa thu muc .venv roi chay lai; neu van loi, gui cac dong tren cho nguoi ho tro.

:stopped
popd
if not defined SITEPLAN_NO_PAUSE pause
exit /b 1
