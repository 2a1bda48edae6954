{"version":1,"execution":{"R_lite":[{"rank":"0-1","children":{"core":"0-1"}}],"nodelist":["host,host"],"starttime":0,"expiration":0}}
