# Installs the tools of toolchain.yaml below %USERPROFILE%\.local, without an administrator, each checked against its publisher's own sum or
# signature. Versions come as $<Name>Version. What is installed already is left alone. Ends with 1 and names what failed, after trying all.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue' # or each download takes ten times as long
[Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12

$Share = Join-Path $env:USERPROFILE '.local\share\windev'
$Temporary = Join-Path ([IO.Path]::GetTempPath()) ([IO.Path]::GetRandomFileName())
$Log = Join-Path $env:USERPROFILE '.local\state\windev\bootstrap.log'
New-Item -ItemType Directory -Force -Path $Share, $Temporary, (Split-Path $Log) | Out-Null
$script:Failed = @()

function Write-Step([string]$Text) {
    $line = '{0:yyyy-MM-ddTHH:mm:ssZ} bootstrap: {1}' -f (Get-Date).ToUniversalTime(), $Text
    Add-Content -Path $Log -Value $line
    Write-Output $line
}

# From the publisher, or from the mirror, whose paths begin with the publisher's host
function Get-Download([string]$Url, [string]$Name) {
    $file = Join-Path $Temporary $Name
    if ($Mirror) { $Url = $Mirror.TrimEnd('/') + '/' + $Url.Substring('https://'.Length) }
    Invoke-WebRequest -UseBasicParsing -Uri $Url -OutFile $file
    return $file
}

# The sum is the publisher's; none, or another one, is a failure
function Assert-Sum([string]$File, [string]$Sum, [string]$Algorithm = 'SHA256') {
    if (-not $Sum) { throw "the publisher lists no sum of $(Split-Path -Leaf $File)" }
    if ((Get-FileHash -Algorithm $Algorithm -Path $File).Hash -ne $Sum) {
        throw "$(Split-Path -Leaf $File) is not the file that its publisher lists; it was not installed"
    }
}

# GitHub computes a sum of each file of a release when it is uploaded, and tells it with the release
function Get-ReleaseSum([string]$Repository, [string]$Tag, [string]$Name) {
    $release = Get-Content -Raw (Get-Download "https://api.github.com/repos/$Repository/releases/tags/$Tag" 'release.json') | ConvertFrom-Json
    $digest = ($release.assets | Where-Object name -eq $Name | Select-Object -First 1).digest
    return ($digest -replace '^sha256:', '')
}

# What was unpacked moves to its place at once, so that an interrupted run leaves no half of it
function Expand-Into([string]$File, [string]$Folder) {
    $unpacked = Join-Path $Temporary 'unpacked'
    Remove-Item -Recurse -Force -ErrorAction SilentlyContinue $unpacked
    Expand-Archive -Path $File -DestinationPath $unpacked
    New-Item -ItemType Directory -Force -Path (Split-Path $Folder) | Out-Null
    Move-Item -Path $unpacked -Destination $Folder
}

function Add-ToPath([string]$Folder) {
    $path = [Environment]::GetEnvironmentVariable('Path', 'User')
    if (($path -split ';') -notcontains $Folder) { [Environment]::SetEnvironmentVariable('Path', "$Folder;$path", 'User') }
    if (($env:Path -split ';') -notcontains $Folder) { $env:Path = "$Folder;$env:Path" }
}

function Install-DotNet([string]$Folder) {
    $name = "dotnet-sdk-$DotnetVersion-win-x64.zip"
    $releases = Get-Download 'https://builds.dotnet.microsoft.com/dotnet/release-metadata/8.0/releases.json' 'dotnet.json'
    $files = (Get-Content -Raw $releases | ConvertFrom-Json).releases.sdks | Where-Object version -eq $DotnetVersion | ForEach-Object files
    $sum = ($files | Where-Object url -like "*/$name" | Select-Object -First 1).hash
    $file = Get-Download "https://builds.dotnet.microsoft.com/dotnet/Sdk/$DotnetVersion/$name" $name
    Assert-Sum $file $sum 'SHA512'
    Expand-Into $file $Folder
    [Environment]::SetEnvironmentVariable('DOTNET_ROOT', $Folder, 'User')
    Add-ToPath $Folder
}

function Install-Git([string]$Folder) {
    $parts = $GitVersion -split '\.'
    $version, $tag = ($parts[0..2] -join '.'), "v$($parts[0..2] -join '.').windows.$($parts[3])"
    $name = "MinGit-$version-64-bit.zip"
    $file = Get-Download "https://github.com/git-for-windows/git/releases/download/$tag/$name" $name
    Assert-Sum $file (Get-ReleaseSum 'git-for-windows/git' $tag $name)
    Expand-Into $file $Folder
    Add-ToPath (Join-Path $Folder 'cmd')
}

function Install-PowerShell([string]$Folder) {
    $name = "PowerShell-$PowershellVersion-win-x64.zip"
    $release = "https://github.com/PowerShell/PowerShell/releases/download/v$PowershellVersion"
    $file = Get-Download "$release/$name" $name
    Assert-Sum $file (Get-ReleaseSum 'PowerShell/PowerShell' "v$PowershellVersion" $name)
    Expand-Into $file $Folder
    Add-ToPath $Folder
}

function Install-AzureCli([string]$Folder) {
    $name = "azure-cli-$AzureCliVersion-x64.zip"
    $file = Get-Download "https://github.com/Azure/azure-cli/releases/download/azure-cli-$AzureCliVersion/$name" $name
    Assert-Sum $file (Get-ReleaseSum 'Azure/azure-cli' "azure-cli-$AzureCliVersion" $name)
    Expand-Into $file $Folder
    Add-ToPath (Join-Path $Folder 'bin')
}

# Visual Studio needs an administrator, and half an hour: it is in the machine image that build/ makes. The compiler of C# is .NET's and its.
function Assert-VisualStudio {
    $finder = Join-Path ${env:ProgramFiles(x86)} 'Microsoft Visual Studio\Installer\vswhere.exe'
    if (-not (Test-Path $finder)) { throw 'Visual Studio is not in this machine image; docs/templates/bases.md says how one is built' }
    $found = & $finder -latest -version '[17.0,18.0)' -property installationVersion
    if (-not $found) { throw "Visual Studio $VisualStudioVersion is not in this machine image; docs/templates/bases.md says how one is built" }
    Write-Step "visual-studio $VisualStudioVersion is there: $found"
}

function Install-Sdk([string]$Folder, [hashtable]$Sdk) {
    $file = Get-Download $Sdk.Url 'sdk.zip'
    Assert-Sum $file $Sdk.Sum
    Expand-Into $file $Folder
}

# Installs once: the folder carries the version, and stands only when it is complete
function Install-Once([string]$Name, [string]$Version, [scriptblock]$Install) {
    $folder = Join-Path $Share "$Name\$Version"
    if (Test-Path $folder) {
        Write-Step "$Name $Version is there"
        return
    }
    try {
        & $Install $folder
        Write-Step "$Name $Version installed"
    } catch {
        Write-Step "$Name $Version FAILED: $_"
        $script:Failed += $Name
    }
}

Install-Once dotnet $DotnetVersion { Install-DotNet $args[0] }
Install-Once git $GitVersion { Install-Git $args[0] }
Install-Once powershell $PowershellVersion { Install-PowerShell $args[0] }
Install-Once azure-cli $AzureCliVersion { Install-AzureCli $args[0] }
foreach ($sdk in $InternalSdks) { Install-Once $sdk.Name $sdk.Sum { Install-Sdk $args[0] $sdk } }
try { Assert-VisualStudio } catch {
    Write-Step "visual-studio $VisualStudioVersion FAILED: $_"
    $script:Failed += 'visual-studio'
}

Remove-Item -Recurse -Force -ErrorAction SilentlyContinue $Temporary
if ($script:Failed) {
    Write-Step "not installed: $($script:Failed -join ' '); the log is $Log; restart the workspace to try again"
    exit 1
}
Write-Step 'complete'
