# Installs Visual Studio 2022 with .NET's workloads. Its installer is a rolling one: its publisher's signature is what is checked.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

$installer = Join-Path $env:TEMP 'vs_professional.exe'
Invoke-WebRequest -UseBasicParsing -Uri 'https://aka.ms/vs/17/release/vs_professional.exe' -OutFile $installer
$signature = Get-AuthenticodeSignature -FilePath $installer
if ($signature.Status -ne 'Valid' -or $signature.SignerCertificate.Subject -notmatch 'O=Microsoft Corporation') {
    throw "the Visual Studio installer is not signed by Microsoft ($($signature.Status)); it was not run"
}
$arguments = '--quiet', '--wait', '--norestart', '--nocache',
    '--add', 'Microsoft.VisualStudio.Workload.ManagedDesktop', '--add', 'Microsoft.VisualStudio.Workload.NetWeb', '--includeRecommended'
$install = Start-Process -FilePath $installer -ArgumentList $arguments -Wait -PassThru
if ($install.ExitCode -notin 0, 3010) { throw "Visual Studio's installer ended with $($install.ExitCode)" }
