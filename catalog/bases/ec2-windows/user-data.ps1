# Makes a new instance a workspace: the user `coder` without the rights of an administrator, the data volume as D:, Amazon DCV if asked,
# the agent as a task of that user. Runs once, as SYSTEM, by EC2Launch; the log is C:\coder\workspace.log. Ends with 1 where it fails.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue' # or each download takes ten times as long

$Root = 'C:\coder'
$Data = 'D:\coder'
New-Item -ItemType Directory -Force -Path $Root | Out-Null
Start-Transcript -Append -Path "$Root\workspace.log" | Out-Null

function Write-Step([string]$Text) {
    Write-Output ('{0:yyyy-MM-ddTHH:mm:ssZ} workspace: {1}' -f (Get-Date).ToUniversalTime(), $Text)
}

# The one disk beside the system's; Terraform attaches it while this runs
function Get-DataDisk {
    for ($attempt = 0; $attempt -lt 120; $attempt++) {
        $disk = Get-Disk | Where-Object { -not $_.IsBoot -and -not $_.IsSystem -and $_.FriendlyName -like '*Elastic B*' } | Select-Object -First 1
        if ($disk) { return $disk }
        Start-Sleep -Seconds 5
    }
    throw 'no data volume after 600 seconds'
}

function Mount-DataVolume {
    $disk = Get-DataDisk
    if ($disk.IsOffline) { Set-Disk -Number $disk.Number -IsOffline $false }
    if ($disk.IsReadOnly) { Set-Disk -Number $disk.Number -IsReadOnly $false }
    if ($disk.PartitionStyle -eq 'RAW') {
        Write-Step 'the data volume is new: making a file system'
        Initialize-Disk -Number $disk.Number -PartitionStyle GPT
        New-Partition -DiskNumber $disk.Number -UseMaximumSize -DriveLetter D | Format-Volume -FileSystem NTFS -NewFileSystemLabel data | Out-Null
    }
    $partition = Get-Partition -DiskNumber $disk.Number | Where-Object Type -eq 'Basic' | Select-Object -First 1
    if ($partition.DriveLetter -ne 'D') { $partition | Set-Partition -NewDriveLetter D }
}

# The password is made here and told to nobody: people come in through coderd, as this user
function New-WorkspaceUser {
    $bytes = New-Object byte[] 24
    [System.Security.Cryptography.RandomNumberGenerator]::Create().GetBytes($bytes)
    $plain = [Convert]::ToBase64String($bytes) + 'aA1!'
    $secure = New-Object System.Security.SecureString
    foreach ($character in $plain.ToCharArray()) { $secure.AppendChar($character) }
    New-LocalUser -Name coder -Password $secure -PasswordNeverExpires -UserMayNotChangePassword | Out-Null
    Add-LocalGroupMember -Group 'Users' -Member coder
    Add-LocalGroupMember -Group 'Remote Desktop Users' -Member coder
    New-Item -ItemType Directory -Force -Path $Data | Out-Null
    icacls.exe $Data /inheritance:r /grant 'SYSTEM:(OI)(CI)F' 'Administrators:(OI)(CI)F' 'coder:(OI)(CI)F' /T /Q | Out-Null
    return $plain
}

# In: nothing, beside the security group. Out: instance metadata is not for users, unless the workspace asked for the instance's role
function Protect-Machine {
    Set-NetFirewallProfile -All -Enabled True -DefaultInboundAction Block
    Get-NetFirewallRule -Direction Inbound -Action Allow -Enabled True | Disable-NetFirewallRule
    Stop-Service -Name WinRM -Force
    Set-Service -Name WinRM -StartupType Disabled
    Disable-LocalUser -Name Guest
    if (-not $Metadata) {
        $sid = (Get-LocalUser -Name coder).SID.Value
        New-NetFirewallRule -DisplayName 'Instance metadata' -Direction Outbound -Action Block `
            -RemoteAddress 169.254.169.254 -LocalUser "D:(A;;CC;;;$sid)" | Out-Null
    }
}

# The installer is a rolling one, so that no sum of it stands anywhere; its publisher signs it
function Install-Dcv([string]$Password) {
    $installer = "$Root\dcv-server.msi"
    # Address as Amazon DCV's administrator guide has it for Windows; read 2026-11-21
    Invoke-WebRequest -UseBasicParsing -Uri 'https://d1uj6qtbmh3dt5.cloudfront.net/nice-dcv-server-x64-Release.msi' -OutFile $installer
    $signature = Get-AuthenticodeSignature -FilePath $installer
    if ($signature.Status -ne 'Valid' -or $signature.SignerCertificate.Subject -notmatch 'O="?Amazon') {
        throw "the DCV installer is not signed by Amazon ($($signature.Status)); it was not run"
    }
    $install = Start-Process -FilePath msiexec.exe -Wait -PassThru -ArgumentList "/i $installer ADDLOCAL=ALL /quiet /norestart"
    if ($install.ExitCode -notin 0, 3010) { throw "msiexec ended with $($install.ExitCode)" }

    $settings = 'Registry::HKEY_USERS\S-1-5-18\Software\GSettings\com\nicesoftware\dcv' # of SYSTEM, as which the server runs
    foreach ($section in 'connectivity', 'security', 'session-management', 'session-management\automatic-console-session') {
        New-Item -Force -Path "$settings\$section" | Out-Null
    }
    Set-ItemProperty -Path "$settings\connectivity" -Name web-listen-endpoints -Value "['127.0.0.1:8443']"
    Set-ItemProperty -Path "$settings\security" -Name authentication -Value 'none' # coderd has asked already; nobody else reaches loopback
    Set-ItemProperty -Path "$settings\session-management" -Name create-session -Type DWord -Value 1
    Set-ItemProperty -Path "$settings\session-management\automatic-console-session" -Name owner -Value coder

    # The console session is this user's: without a signed-in user DCV shows the sign-in screen
    $logon = 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon'
    Set-ItemProperty -Path $logon -Name AutoAdminLogon -Value '1'
    Set-ItemProperty -Path $logon -Name DefaultUserName -Value coder
    Set-ItemProperty -Path $logon -Name DefaultPassword -Value $Password
    Restart-Service -Name dcvserver
}

function Start-Agent([string]$Password) {
    $script = [System.Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($AgentInit))
    $lines = @("`$env:CODER_AGENT_TOKEN = '$AgentToken'", "`$env:HOME = '$Data'", $script)
    Set-Content -Path "$Root\agent.ps1" -Value $lines -Encoding UTF8
    icacls.exe "$Root\agent.ps1" /inheritance:r /grant 'SYSTEM:F' 'Administrators:F' 'coder:R' /Q | Out-Null
    $action = New-ScheduledTaskAction -Execute powershell.exe -WorkingDirectory $Data `
        -Argument "-NoProfile -NonInteractive -ExecutionPolicy Bypass -File $Root\agent.ps1"
    $settings = New-ScheduledTaskSettingsSet -RestartCount 100 -RestartInterval (New-TimeSpan -Minutes 1) -ExecutionTimeLimit ([TimeSpan]::Zero)
    Register-ScheduledTask -TaskName coder-agent -Action $action -Trigger (New-ScheduledTaskTrigger -AtStartup) -Settings $settings `
        -User coder -Password $Password | Out-Null
    Start-ScheduledTask -TaskName coder-agent
}

try {
    Mount-DataVolume
    $password = New-WorkspaceUser
    Protect-Machine
    Start-Agent $password
    if ($Desktop) { Install-Dcv $password }
    Write-Step 'complete'
    Stop-Transcript | Out-Null
} catch {
    Write-Step "FAILED: $_"
    Stop-Transcript | Out-Null
    exit 1
}
