@echo off
rem Runs both scenarios, compares them and opens the maps.
setlocal EnableExtensions DisableDelayedExpansion
chcp 65001 >nul
set "PYTHONUTF8=1"
pushd "%~dp0"
if errorlevel 1 goto nofolder
if not exist ".venv\Scripts\python.exe" goto notinstalled

call :siteplan run scenarios\phuong_an_1.toml scenarios\phuong_an_2.toml || goto failed
call :siteplan compare phuong_an_1 phuong_an_2 || goto failed

if defined SITEPLAN_NO_PAUSE goto done
if exist "maps\phuong_an_1.html" start "" "maps\phuong_an_1.html"
if exist "maps\so_sanh.html" start "" "maps\so_sanh.html"
echo.
echo Xong. Ban do o thu muc maps, ket qua o thu muc runs.
pause
:done
popd
exit /b 0

:siteplan
rem Not siteplan.exe: that holds the path of the folder and fails after a move.
".venv\Scripts\python.exe" -c "import sys; from siteplan.cli import main; sys.exit(main())" %*
goto :eof

:nofolder
echo LOI: khong mo duoc thu muc cua tep nay.
if not defined SITEPLAN_NO_PAUSE pause
exit /b 1

:notinstalled
echo Chua cai dat. Hay mo cai-dat.bat truoc.
goto stopped

:failed
echo LOI: lenh tren khong hoan thanh. Xem thong bao phia tren va tep log.txt trong thu muc runs.

:stopped
popd
if not defined SITEPLAN_NO_PAUSE pause
exit /b 1
